// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/unicode.h"

#include "models/formats/tokenizer/utf8.h"

#include <utf8proc.h>

namespace ashlar::tokenizer {
namespace {

utf8proc_category_t category_of(char32_t c) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(c));
}

// The symbols (category So) with the property Other_Alphabetic: circled and squared Latin letters.
bool is_alphabetic_symbol(char32_t c) {
  return (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
         (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
}

}  // namespace

bool is_whitespace(char32_t c) {
  if (c < 0x80)
    return c == ' ' || (c >= '\t' && c <= '\r');
  const auto category = category_of(c);
  return c == 0x85 || (category >= UTF8PROC_CATEGORY_ZS && category <= UTF8PROC_CATEGORY_ZP);
}

bool is_numeric(char32_t c) {
  const auto category = category_of(c);
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  const auto category = category_of(c);
  return category >= UTF8PROC_CATEGORY_PC && category <= UTF8PROC_CATEGORY_PO;
}

bool is_word(char32_t c) {
  const auto category = category_of(c);
  const bool letter_mark_or_number =
      category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NL;
  return letter_mark_or_number || category == UTF8PROC_CATEGORY_PC || c == 0x200C || c == 0x200D ||
         is_alphabetic_symbol(c);
}

bool is_mark(char32_t c) {
  const auto category = category_of(c);
  return category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME;
}

bool is_nonspacing_mark(char32_t c) {
  return category_of(c) == UTF8PROC_CATEGORY_MN;
}

bool is_other(char32_t c) {
  return category_of(c) >= UTF8PROC_CATEGORY_CC;
}

void append_lowercase(std::string& text, char32_t c) {
  if (c == 0x130) {
    // The only unconditional mapping of SpecialCasing.txt to more than one lower-case character.
    text += "i\xCC\x87";
    return;
  }
  append_code_point(text,
                    static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

}  // namespace ashlar::tokenizer
