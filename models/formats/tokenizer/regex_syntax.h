// SPDX-License-Identifier: Apache-2.0
// Rewrites a regular expression from the syntax of tokenizer.json (Oniguruma with Ruby syntax,
// UTF-8) into an equivalent one for PCRE2 with UTF, UCP and MULTILINE. The two agree on most
// constructs; rewritten are the shorthand classes, property names, set operations in classes,
// inline options, interval suffixes, and escapes that mean something else. Reference: Oniguruma,
// doc/RE.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::tokenizer {

// Throws FormatError for a malformed pattern, Unsupported for constructs without a PCRE2
// counterpart (absent operator, conditionals, subexpression calls, control escapes) and unknown
// properties.
std::string translate_regex(std::string_view pattern);

}  // namespace ashlar::tokenizer
