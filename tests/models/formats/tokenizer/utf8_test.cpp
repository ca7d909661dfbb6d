// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace ashlar::tokenizer {
namespace {

TEST(Utf8, EveryCodePointRoundTrips) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF)
      continue;
    const std::string text = to_utf8(c);
    ASSERT_EQ(find_invalid_utf8(text), std::nullopt) << std::hex << static_cast<std::uint32_t>(c);
    std::size_t offset = 0;
    ASSERT_EQ(next_code_point(text, offset), c);
    ASSERT_EQ(offset, text.size());
    ASSERT_EQ(utf8_length(text[0]), text.size());
  }
}

TEST(Utf8, FindsTheFirstInvalidByte) {
  EXPECT_EQ(find_invalid_utf8("ab\xFF"), 2u);
  EXPECT_EQ(find_invalid_utf8("\x80"), 0u);
  EXPECT_EQ(find_invalid_utf8("a\xC0\x80"), 1u);          // overlong NUL
  EXPECT_EQ(find_invalid_utf8("a\xE0\x9F\xBF"), 1u);      // overlong
  EXPECT_EQ(find_invalid_utf8("a\xED\xA0\x80"), 1u);      // surrogate
  EXPECT_EQ(find_invalid_utf8("a\xF4\x90\x80\x80"), 1u);  // above U+10FFFF
  EXPECT_EQ(find_invalid_utf8("a\xF0\x8F\xBF\xBF"), 1u);  // overlong
  EXPECT_EQ(find_invalid_utf8("\xC3\xA9\xE4\xBD"), 2u);   // cut off
}

std::string decoded(std::string_view bytes) {
  LossyUtf8Decoder decoder;
  std::string text;
  decoder.feed(bytes, text);
  decoder.finish(text);
  return text;
}

TEST(LossyUtf8Decoder, ReplacesMaximalSubparts) {
  const std::string bad(kReplacementCharacter);
  EXPECT_EQ(decoded("a\xFFz"), "a" + bad + "z");
  EXPECT_EQ(decoded("\xE4\xBDz"), bad + "z");
  EXPECT_EQ(decoded("\xED\xA0\x80"), bad + bad + bad);
  EXPECT_EQ(decoded("\xF0\x9F\x98"), bad);
  EXPECT_EQ(decoded("\xE4\xE4\xBD\xA0"), bad + "\xE4\xBD\xA0");
  EXPECT_EQ(decoded("\xF4\x90\x80\x80"), bad + bad + bad + bad);
}

// The result does not depend on how the bytes are cut, and comes as early as it can.
TEST(LossyUtf8Decoder, TakesBytesInAnyPieces) {
  const std::string bytes = "a\xC3\xA9\xE4\xBD\xA0\xF0\x9F\x98\x80\xFF\xE4\xBDz\xF0\x9F";
  LossyUtf8Decoder decoder;
  std::string text;
  for (const char byte : bytes) {
    decoder.feed(std::string_view(&byte, 1), text);
    ASSERT_EQ(find_invalid_utf8(text), std::nullopt);
  }
  decoder.finish(text);
  EXPECT_EQ(text, decoded(bytes));
  decoder.feed("\x98\x80", text);
  EXPECT_EQ(text, decoded(bytes) + std::string(kReplacementCharacter) +
                      std::string(kReplacementCharacter));
}

}  // namespace
}  // namespace ashlar::tokenizer
