// SPDX-License-Identifier: Apache-2.0
// Compiled normalisation rules: components.json has real ones, these are broken.
#include "models/formats/tokenizer/character_map.h"

#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <initializer_list>

namespace ashlar::test {
namespace {

using testing::HasSubstr;
using tokenizer::CharacterMap;

std::string base64(std::string_view bytes) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<std::uint8_t>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      text += i + j > bytes.size() ? '=' : digits[bits >> (18 - 6 * j) & 63];
  }
  return text;
}

std::string word(std::uint32_t value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

// A trie of two units: "\x01", whose value stands at `value_unit`.
CharacterMap map_of(std::uint32_t first, std::uint32_t second, std::string_view replacements) {
  const Json value = base64(word(8) + word(first) + word(second) + std::string(replacements));
  return CharacterMap(tokenizer::JsonNode(value, "map"));
}

std::string refusal(const Json& value) {
  return message_of<FormatError>([&] { CharacterMap map(tokenizer::JsonNode(value, "map")); });
}

TEST(CharacterMap, RejectsWhatIsNotAMap) {
  EXPECT_THAT(refusal(7), HasSubstr("map: expected a string"));
  EXPECT_THAT(refusal("abc"), HasSubstr("expected base64"));
  EXPECT_THAT(refusal("ab c"), HasSubstr("expected base64"));
  EXPECT_THAT(refusal("a==="), HasSubstr("expected base64"));
  EXPECT_THAT(refusal(""), HasSubstr("the length of the trie is missing"));
  EXPECT_THAT(refusal(base64(word(0))), HasSubstr("a trie of 0 bytes among 4"));
  EXPECT_THAT(refusal(base64(word(3) + "abcd")), HasSubstr("a trie of 3 bytes among 8"));
  EXPECT_THAT(refusal(base64(word(8) + "abcd")), HasSubstr("a trie of 8 bytes among 8"));
  EXPECT_THAT(refusal(base64(word(4) + "abcd\xFF")), HasSubstr("not UTF-8 at byte 0"));
}

TEST(CharacterMap, ATrieThatLeadsOutOfTheDataIsRejected) {
  constexpr std::uint32_t kOffsetOne = 1 << 10, kLeaf = 0x100;
  EXPECT_EQ(map_of(0, 1, "x").find("\x01"), std::nullopt);
  EXPECT_THAT(message_of<FormatError>([] { map_of(0, 0, "x").find("a"); }),
              HasSubstr("unit 97 of 2 in the trie"));
  EXPECT_THAT(
      message_of<FormatError>([&] { map_of(0, kLeaf | kOffsetOne * 7 | 1, "x").find("\x01"); }),
      HasSubstr("unit 6 of 2 in the trie"));
  // The value stands in unit 0, which is 5.
  EXPECT_THAT(message_of<FormatError>([&] { map_of(5, kLeaf | kOffsetOne | 1, "x").find("\x01"); }),
              HasSubstr("no replacement at byte 5 of 1"));
}

}  // namespace
}  // namespace ashlar::test
