// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/utf8.h"

#include <algorithm>

namespace ashlar::tokenizer {
namespace {

// What a lead byte demands: how many continuation bytes, and the range of the first of them.
struct LeadByte {
  std::size_t continuation_count;
  std::uint8_t low;
  std::uint8_t high;
};

std::optional<LeadByte> classify_lead(std::uint8_t byte) {
  if (byte < 0x80)
    return LeadByte{0, 0, 0};
  if (byte >= 0xC2 && byte <= 0xDF)
    return LeadByte{1, 0x80, 0xBF};
  if (byte >= 0xE0 && byte <= 0xEF)
    return LeadByte{2, std::uint8_t(byte == 0xE0 ? 0xA0 : 0x80),
                    std::uint8_t(byte == 0xED ? 0x9F : 0xBF)};
  if (byte >= 0xF0 && byte <= 0xF4)
    return LeadByte{3, std::uint8_t(byte == 0xF0 ? 0x90 : 0x80),
                    std::uint8_t(byte == 0xF4 ? 0x8F : 0xBF)};
  return std::nullopt;
}

// Bytes of the well-formed character at `offset`, or 0.
std::size_t well_formed_length(std::string_view text, std::size_t offset) {
  const auto lead = classify_lead(static_cast<std::uint8_t>(text[offset]));
  if (!lead || text.size() - offset <= lead->continuation_count)
    return 0;
  std::uint8_t low = lead->low;
  std::uint8_t high = lead->high;
  for (std::size_t i = 1; i <= lead->continuation_count; ++i) {
    const auto byte = static_cast<std::uint8_t>(text[offset + i]);
    if (byte < low || byte > high)
      return 0;
    low = 0x80;
    high = 0xBF;
  }
  return 1 + lead->continuation_count;
}

}  // namespace

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t length = well_formed_length(text, offset);
    if (length == 0)
      return offset;
    offset += length;
  }
  return std::nullopt;
}

std::size_t utf8_length(char lead) {
  const auto byte = static_cast<std::uint8_t>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

char32_t next_code_point(std::string_view text, std::size_t& offset) {
  const std::size_t length = utf8_length(text[offset]);
  const auto lead = static_cast<std::uint8_t>(text[offset]);
  char32_t code_point = length == 1 ? lead : lead & (0x7F >> length);
  for (std::size_t i = 1; i < length; ++i)
    code_point = (code_point << 6) | (static_cast<std::uint8_t>(text[offset + i]) & 0x3F);
  offset += length;
  return code_point;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0) != 0x80; }));
}

void append_code_point(std::string& text, char32_t code_point) {
  const auto put = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::string to_utf8(char32_t code_point) {
  std::string text;
  append_code_point(text, code_point);
  return text;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

void LossyUtf8Decoder::feed(std::string_view bytes, std::string& text) {
  for (const char c : bytes) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (missing_ > 0 && (byte < low_ || byte > high_))
      finish(text);
    if (missing_ == 0) {
      start_character(byte, text);
      continue;
    }
    partial_.push_back(c);
    low_ = 0x80;
    high_ = 0xBF;
    if (--missing_ == 0) {
      text += partial_;
      partial_.clear();
    }
  }
}

void LossyUtf8Decoder::start_character(std::uint8_t lead, std::string& text) {
  const auto kind = classify_lead(lead);
  if (!kind) {
    text += kReplacementCharacter;
  } else if (kind->continuation_count == 0) {
    text.push_back(static_cast<char>(lead));
  } else {
    partial_.assign(1, static_cast<char>(lead));
    missing_ = kind->continuation_count;
    low_ = kind->low;
    high_ = kind->high;
  }
}

void LossyUtf8Decoder::finish(std::string& text) {
  if (missing_ > 0)
    text += kReplacementCharacter;
  missing_ = 0;
  partial_.clear();
}

}  // namespace ashlar::tokenizer
