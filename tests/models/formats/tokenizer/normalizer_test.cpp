// SPDX-License-Identifier: Apache-2.0
// What components.json does not show: refusals, and where a text's beginning goes.
#include "models/formats/tokenizer/normalizer.h"

#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

namespace ashlar::test {
namespace {

using testing::HasSubstr;
using tokenizer::JsonNode;
using tokenizer::make_normalizer;
using tokenizer::Stretch;

Stretch normalized(const Json& description, std::string text) {
  Stretch stretch{std::move(text), true};
  auto limit = tokenizer::WorkLimit::for_text(stretch.text.size());
  make_normalizer(JsonNode(description, "normalizer"))->apply(stretch, limit);
  return stretch;
}

template <typename ErrorType> std::string refusal(const Json& description) {
  return message_of<ErrorType>([&] { make_normalizer(JsonNode(description, "normalizer")); });
}

TEST(Normalizer, KeepsTrackOfTheFirstCharacter) {
  const Json strip = {{"type", "Strip"}, {"strip_left", true}, {"strip_right", true}};
  EXPECT_FALSE(normalized(strip, " a ").at_start);
  EXPECT_TRUE(normalized(strip, "a ").at_start);
  const auto replace = [](const char* from, const char* to) {
    return Json{{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
  };
  EXPECT_TRUE(normalized(replace("a", "xy"), "ab").at_start);
  EXPECT_FALSE(normalized(replace("a", ""), "ab").at_start);
  EXPECT_FALSE(normalized(replace("ab", "x"), "abc").at_start);
  EXPECT_TRUE(normalized(replace("b", ""), "ab").at_start);
  EXPECT_FALSE(normalized({{"type", "StripAccents"}}, "\xCC\x81z").at_start);
  EXPECT_TRUE(normalized({{"type", "Prepend"}, {"prepend", "_"}}, "a").at_start);
}

TEST(Normalizer, StripOfNothingButSpaces) {
  EXPECT_EQ(
      normalized({{"type", "Strip"}, {"strip_left", true}, {"strip_right", false}}, " \t").text,
      "");
  EXPECT_EQ(
      normalized({{"type", "Strip"}, {"strip_left", false}, {"strip_right", true}}, " \t").text,
      "");
  EXPECT_EQ(
      normalized({{"type", "Strip"}, {"strip_left", false}, {"strip_right", false}}, " \t").text,
      " \t");
}

TEST(Normalizer, LowercaseOfOneCharacterCanBeTwo) {
  EXPECT_EQ(normalized({{"type", "Lowercase"}}, "\xC4\xB0\xCE\xA3").text, "i\xCC\x87\xCF\x83");
}

TEST(Normalizer, RefusesByName) {
  EXPECT_THAT(refusal<Unsupported>({{"type", "Other"}}),
              HasSubstr("the normalizer \"Other\" is not supported"));
}

TEST(Normalizer, RejectsMalformedDescriptions) {
  EXPECT_THAT(refusal<FormatError>(Json::array()), HasSubstr("normalizer: expected an object"));
  EXPECT_THAT(refusal<FormatError>(Json::object()), HasSubstr("\"type\" is missing"));
  EXPECT_THAT(refusal<FormatError>({{"type", 3}}), HasSubstr("normalizer.type: expected a string"));
  EXPECT_THAT(refusal<FormatError>({{"type", "Strip"}, {"strip_left", 1}, {"strip_right", true}}),
              HasSubstr("normalizer.strip_left: expected true or false, got 1"));
  EXPECT_THAT(refusal<FormatError>({{"type", "Replace"}, {"content", ""}}),
              HasSubstr("\"pattern\" is missing"));
  EXPECT_THAT(refusal<FormatError>({{"type", "Replace"}, {"content", ""}, {"pattern", {{"X", 1}}}}),
              HasSubstr("normalizer.pattern: expected a \"String\" or a \"Regex\""));
  EXPECT_THAT(refusal<FormatError>({{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, 7}}}),
              HasSubstr("normalizer.normalizers[1]: expected an object, got 7"));
}

}  // namespace
}  // namespace ashlar::test
