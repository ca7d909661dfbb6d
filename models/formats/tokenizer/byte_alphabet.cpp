// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/byte_alphabet.h"

#include "models/formats/tokenizer/utf8.h"

#include <array>

namespace ashlar::tokenizer {
namespace {

constexpr int kNoByte = -1;
constexpr char32_t kFirstSubstitute = 0x100;
constexpr std::size_t kSubstituteCount = 68;

constexpr bool is_printable_latin1(char32_t c) {
  return (c >= 0x21 && c <= 0x7E) || (c >= 0xA1 && c <= 0xAC) || (c >= 0xAE && c <= 0xFF);
}

struct Alphabet {
  std::array<std::string, 256> characters;
  // By code point.
  std::array<int, kFirstSubstitute + kSubstituteCount> bytes;

  Alphabet() {
    bytes.fill(kNoByte);
    char32_t substitute = kFirstSubstitute;
    for (int byte = 0; byte < 256; ++byte) {
      const char32_t c = is_printable_latin1(static_cast<char32_t>(byte))
                             ? static_cast<char32_t>(byte)
                             : substitute++;
      characters[static_cast<std::size_t>(byte)] = to_utf8(c);
      bytes[c] = byte;
    }
  }
};

const Alphabet& alphabet() {
  static const Alphabet instance;
  return instance;
}

}  // namespace

void append_as_byte_alphabet(std::string& text, std::string_view bytes) {
  const auto& characters = alphabet().characters;
  for (const char byte : bytes)
    text += characters[static_cast<std::uint8_t>(byte)];
}

std::optional<std::string> bytes_of_alphabet(std::string_view text) {
  const auto& table = alphabet().bytes;
  std::string bytes;
  for (std::size_t offset = 0; offset < text.size();) {
    const char32_t c = next_code_point(text, offset);
    if (c >= table.size() || table[c] == kNoByte)
      return std::nullopt;
    bytes.push_back(static_cast<char>(table[c]));
  }
  return bytes;
}

}  // namespace ashlar::tokenizer
