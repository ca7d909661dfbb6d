// SPDX-License-Identifier: Apache-2.0
#include "models/formats/template/unicode.h"

#include "models/formats/template/unicode_tables.h"

#include <utf8proc.h>

#include <algorithm>

namespace ashlar::jinja {

namespace {

constexpr char32_t kCapitalSigma = 0x3A3;
constexpr char32_t kFinalSigma = 0x3C2;
constexpr char32_t kSmallSigma = 0x3C3;
constexpr char32_t kCapitalIWithDot = 0x130;

utf8proc_category_t category(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

template <std::size_t N> bool contains(const std::array<CodeRange, N>& ranges, char32_t c) {
  auto it =
      std::lower_bound(ranges.begin(), ranges.end(), c,
                       [](const CodeRange& range, char32_t value) { return range.last < value; });
  return it != ranges.end() && it->first <= c;
}

const SpecialCase* find_special_case(char32_t c) {
  auto it = std::lower_bound(
      kSpecialCases.begin(), kSpecialCases.end(), c,
      [](const SpecialCase& entry, char32_t value) { return entry.code_point < value; });
  return it != kSpecialCases.end() && it->code_point == c ? &*it : nullptr;
}

void append(std::string& out, std::u32string_view text) {
  for (char32_t c : text)
    append_code_point(out, c);
}

void append_upper(std::string& out, char32_t c) {
  if (const SpecialCase* special = find_special_case(c))
    append(out, special->upper);
  else
    append_code_point(out,
                      static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(c))));
}

void append_title(std::string& out, char32_t c) {
  if (const SpecialCase* special = find_special_case(c))
    append(out, special->title);
  else
    append_code_point(out,
                      static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(c))));
}

bool is_case_ignorable(char32_t c) {
  switch (category(c)) {
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_ME:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_LM:
  case UTF8PROC_CATEGORY_SK:
    return true;
  default:
    return c == '\'' || c == '.' || c == ':' || c == 0xB7 || c == 0x2018 || c == 0x2019 ||
           c == 0x2024 || c == 0x2027;
  }
}

// A capital sigma is final when a cased letter precedes it and none follows.
bool is_final_sigma(std::u32string_view text, std::size_t index) {
  std::size_t before = index;
  while (before > 0 && is_case_ignorable(text[before - 1]))
    --before;
  if (before == 0 || !is_cased(text[before - 1]))
    return false;
  std::size_t after = index + 1;
  while (after < text.size() && is_case_ignorable(text[after]))
    ++after;
  return after == text.size() || !is_cased(text[after]);
}

void append_lower(std::string& out, std::u32string_view text, std::size_t index) {
  char32_t c = text[index];
  if (c == kCapitalSigma)
    append_code_point(out, is_final_sigma(text, index) ? kFinalSigma : kSmallSigma);
  else if (c == kCapitalIWithDot)
    append(out, U"i\u0307");
  else
    append_code_point(out,
                      static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c < 0x80; });
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::u32string to_utf32(std::string_view text) {
  std::u32string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();)
    result += next_code_point(text, position);
  return result;
}

std::string to_utf8(std::u32string_view text) {
  std::string result;
  result.reserve(text.size());
  append(result, text);
  return result;
}

std::size_t byte_offset(std::string_view text, std::size_t index) {
  std::size_t position = 0;
  while (index > 0 && position < text.size()) {
    next_code_point(text, position);
    --index;
  }
  return position;
}

bool is_space(char32_t c) {
  if (c < 0x80)
    return (c >= 9 && c <= 13) || (c >= 28 && c <= 32);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_alpha(char32_t c) {
  auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

bool is_decimal(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_ND;
}

bool is_digit(char32_t c) {
  return is_decimal(c) || contains(kDigitRanges, c);
}

bool is_numeric(char32_t c) {
  auto kind = category(c);
  return (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO) ||
         contains(kNumericRanges, c);
}

bool is_lower(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LL || contains(kLowerRanges, c);
}

bool is_upper(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LU || contains(kUpperRanges, c);
}

bool is_title(char32_t c) {
  return category(c) == UTF8PROC_CATEGORY_LT;
}

bool is_cased(char32_t c) {
  return is_lower(c) || is_upper(c) || is_title(c);
}

bool is_printable(char32_t c) {
  switch (category(c)) {
  case UTF8PROC_CATEGORY_CN:
  case UTF8PROC_CATEGORY_CC:
  case UTF8PROC_CATEGORY_CF:
  case UTF8PROC_CATEGORY_CS:
  case UTF8PROC_CATEGORY_CO:
  case UTF8PROC_CATEGORY_ZL:
  case UTF8PROC_CATEGORY_ZP:
    return false;
  case UTF8PROC_CATEGORY_ZS:
    return c == ' ';
  default:
    return true;
  }
}

bool is_identifier_start(char32_t c) {
  return c == '_' || is_alpha(c) || category(c) == UTF8PROC_CATEGORY_NL;
}

bool is_identifier_part(char32_t c) {
  switch (category(c)) {
  case UTF8PROC_CATEGORY_MN:
  case UTF8PROC_CATEGORY_MC:
  case UTF8PROC_CATEGORY_ND:
  case UTF8PROC_CATEGORY_PC:
    return true;
  default:
    return is_identifier_start(c);
  }
}

bool is_word(char32_t c) {
  return c == '_' || is_alpha(c) || is_digit(c) || is_numeric(c);
}

std::string to_upper(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();)
    append_upper(result, next_code_point(text, position));
  return result;
}

std::string to_lower(std::string_view text) {
  std::u32string wide = to_utf32(text);
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < wide.size(); ++i)
    append_lower(result, wide, i);
  return result;
}

std::string to_title(std::string_view text) {
  std::u32string wide = to_utf32(text);
  std::string result;
  bool inside_word = false;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (inside_word)
      append_lower(result, wide, i);
    else
      append_title(result, wide[i]);
    inside_word = is_cased(wide[i]);
  }
  return result;
}

std::string to_capitalized(std::string_view text) {
  std::u32string wide = to_utf32(text);
  std::string result;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (i == 0)
      append_title(result, wide[i]);
    else
      append_lower(result, wide, i);
  }
  return result;
}

std::string swap_case(std::string_view text) {
  std::u32string wide = to_utf32(text);
  std::string result;
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (is_upper(wide[i]))
      append_lower(result, wide, i);
    else if (is_lower(wide[i]))
      append_upper(result, wide[i]);
    else
      append_code_point(result, wide[i]);
  }
  return result;
}

std::string case_fold(std::string_view text) {
  std::string result;
  for (std::size_t position = 0; position < text.size();) {
    char32_t c = next_code_point(text, position);
    utf8proc_int32_t folded[4];
    int last_boundary_class = 0;
    auto length = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), folded, 4,
                                          UTF8PROC_CASEFOLD, &last_boundary_class);
    for (utf8proc_ssize_t i = 0; i < length; ++i)
      append_code_point(result, static_cast<char32_t>(folded[i]));
  }
  return result;
}

}  // namespace ashlar::jinja
