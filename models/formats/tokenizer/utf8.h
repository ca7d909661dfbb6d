// SPDX-License-Identifier: Apache-2.0
// UTF-8 and its like in the forms the tokenizer needs: checking, walking checked text by code
// point, and decoding arbitrary bytes in pieces with U+FFFD for whatever is malformed. Stateless
// functions are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar::tokenizer {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

// Offset of the first byte that does not belong to a well-formed sequence (Unicode 15, table 3-7).
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// Code point at `offset` of valid `text`; moves `offset` behind it.
char32_t next_code_point(std::string_view text, std::size_t& offset);

// Length in bytes of the character that starts with `lead`, in valid text.
std::size_t utf8_length(char lead);

// Number of characters of valid text.
std::size_t count_characters(std::string_view text);

void append_code_point(std::string& text, char32_t code_point);

std::string to_utf8(char32_t code_point);

// Value of a hexadecimal digit, or -1.
int hex_digit(char c);

// Decodes a byte stream that arrives in arbitrary pieces. Each maximal ill-formed subsequence
// becomes one U+FFFD (Unicode 15, section 3.9); an unfinished character waits for its missing
// bytes.
class LossyUtf8Decoder {
public:
  // Appends to `text` all characters that `bytes` completes.
  void feed(std::string_view bytes, std::string& text);

  // The stream ends: an unfinished character becomes U+FFFD.
  void finish(std::string& text);

private:
  void start_character(std::uint8_t lead, std::string& text);

  std::string partial_;
  std::size_t missing_ = 0;
  // Range that the next continuation byte must lie in.
  std::uint8_t low_ = 0x80;
  std::uint8_t high_ = 0xBF;
};

}  // namespace ashlar::tokenizer
