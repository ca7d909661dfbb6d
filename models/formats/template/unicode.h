// SPDX-License-Identifier: Apache-2.0
// Strings as Python sees them: sequences of code points, stored here as UTF-8.
//
// Every string_view passed in must be valid UTF-8 (`find_invalid_utf8` checks what comes from
// outside); positions and lengths count code points. No function keeps its arguments.
#pragma once

#include "models/formats/tokenizer/utf8.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ashlar::jinja {

using tokenizer::append_code_point;
using tokenizer::find_invalid_utf8;
using tokenizer::next_code_point;

bool is_ascii(std::string_view text);
std::size_t count_code_points(std::string_view text);

std::u32string to_utf32(std::string_view text);
std::string to_utf8(std::u32string_view text);

// The byte offset of code point `index`; the end of the text for an index at or behind its length.
std::size_t byte_offset(std::string_view text, std::size_t index);

// The character classes of Python's str methods.
bool is_space(char32_t c);
bool is_alpha(char32_t c);
bool is_decimal(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);
bool is_lower(char32_t c);
bool is_upper(char32_t c);
bool is_title(char32_t c);
bool is_cased(char32_t c);
bool is_printable(char32_t c);
bool is_identifier_start(char32_t c);
bool is_identifier_part(char32_t c);
// `\w` of Python's regular expressions.
bool is_word(char32_t c);

// Full case mappings: "ß" becomes "SS", a final capital sigma becomes "ς".
std::string to_upper(std::string_view text);
std::string to_lower(std::string_view text);
std::string to_title(std::string_view text);        // str.title
std::string to_capitalized(std::string_view text);  // str.capitalize
std::string swap_case(std::string_view text);
std::string case_fold(std::string_view text);

}  // namespace ashlar::jinja
