// SPDX-License-Identifier: Apache-2.0
// Character classes and case mapping as the components of tokenizer.json define them, over the
// Unicode tables of utf8proc. Thread-safe.
#pragma once

#include <string>

namespace ashlar::tokenizer {

// White_Space: U+0009..U+000D, U+0020, U+0085 and the separators (category Z).
bool is_whitespace(char32_t c);

// Category N: Nd, Nl, No.
bool is_numeric(char32_t c);

// ASCII punctuation and symbols, or category P.
bool is_punctuation(char32_t c);

// `\w` of UTS #18, annex C: Alphabetic, M, Nd, Pc, Join_Control.
bool is_word(char32_t c);

// Category M: Mn, Mc, Me.
bool is_mark(char32_t c);

// Category Mn.
bool is_nonspacing_mark(char32_t c);

// Category C without unassigned code points: Cc, Cf, Cs, Co.
bool is_other(char32_t c);

// Appends the full, context-free lower case of `c`, which may be several characters.
void append_lowercase(std::string& text, char32_t c);

}  // namespace ashlar::tokenizer
