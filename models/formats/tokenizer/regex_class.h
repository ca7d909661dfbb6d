// SPDX-License-Identifier: Apache-2.0
// Character classes and character escapes of the translation in regex_syntax.h. Oniguruma's classes
// nest and intersect, PCRE2's do not: what does not fit between one pair of brackets becomes a
// group that matches exactly one character.
#pragma once

#include "models/formats/tokenizer/regex_cursor.h"

#include <optional>
#include <string>

namespace ashlar::tokenizer {

// What an escape such as `\s` or `\P{L}` stands for.
struct ClassEscape {
  std::string items;  // between the brackets of a PCRE2 class
  bool negated = false;

  std::string standalone() const { return (negated ? "[^" : "[") + items + "]"; }
};

// Behind a backslash: a shorthand class or property, if that is what comes next.
std::optional<ClassEscape> take_class_escape(RegexCursor& in);

// Behind a backslash: an escape that stands for one character.
char32_t take_escaped_code_point(RegexCursor& in);

std::string format_code_point(char32_t code_point);

// Behind `[`: the whole class up to its `]`, as a PCRE2 expression that matches one character.
std::string translate_class(RegexCursor& in);

}  // namespace ashlar::tokenizer
