// SPDX-License-Identifier: Apache-2.0
// What components.json does not show: older spellings, defaults and refusals.
#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

namespace ashlar::test {
namespace {

using testing::HasSubstr;

std::string cut(const Json& description, std::string_view text) {
  return shown("pre_tokenizer", description, text);
}

template <typename ErrorType> std::string refusal(const Json& pre_tokenizer) {
  Json description = byte_description();
  description["pre_tokenizer"] = pre_tokenizer;
  return load_error<ErrorType>(description);
}

TEST(PreTokenizer, Defaults) {
  EXPECT_EQ(cut({{"type", "ByteLevel"}}, "a b"), "\xC4\xA0"
                                                 "a|\xC4\xA0"
                                                 "b|");
  EXPECT_EQ(cut({{"type", "Metaspace"}}, "a b"), "\xE2\x96\x81"
                                                 "a|\xE2\x96\x81"
                                                 "b|");
  EXPECT_EQ(cut({{"type", "Digits"}}, "a12"), "a|12|");
  EXPECT_EQ(cut({{"type", "Punctuation"}}, "a,.b"), "a|,|.|b|");
}

TEST(PreTokenizer, OldMetaspaceSwitch) {
  EXPECT_EQ(cut({{"type", "Metaspace"}, {"replacement", "_"}, {"add_prefix_space", false}}, "a b"),
            "a|_b|");
  EXPECT_EQ(cut({{"type", "Metaspace"}, {"replacement", "_"}, {"add_prefix_space", true}}, "a b"),
            "_a|_b|");
  EXPECT_THAT(
      refusal<FormatError>(
          {{"type", "Metaspace"}, {"add_prefix_space", false}, {"prepend_scheme", "always"}}),
      HasSubstr("contradicts"));
}

TEST(PreTokenizer, RefusesByName) {
  EXPECT_THAT(refusal<Unsupported>({{"type", "UnicodeScripts"}}),
              HasSubstr("tokenizer.json.pre_tokenizer: the pre-tokenizer \"UnicodeScripts\""));
}

TEST(PreTokenizer, RejectsMalformedDescriptions) {
  EXPECT_THAT(refusal<FormatError>({{"type", "Split"}, {"pattern", {{"String", "a"}}}}),
              HasSubstr("\"behavior\" is missing"));
  EXPECT_THAT(refusal<FormatError>(
                  {{"type", "Split"}, {"pattern", {{"String", "a"}}}, {"behavior", "isolated"}}),
              HasSubstr("pre_tokenizer.behavior: expected a split behavior, got \"isolated\""));
  EXPECT_THAT(refusal<FormatError>(
                  {{"type", "Split"}, {"pattern", {{"Regex", "("}}}, {"behavior", "Isolated"}}),
              HasSubstr("unmatched ("));
  EXPECT_THAT(refusal<FormatError>({{"type", "Metaspace"}, {"replacement", "ab"}}),
              HasSubstr("a string of one character"));
  EXPECT_THAT(refusal<FormatError>({{"type", "Metaspace"}, {"prepend_scheme", "often"}}),
              HasSubstr("got \"often\""));
  EXPECT_THAT(refusal<FormatError>({{"type", "Sequence"}, {"pretokenizers", Json::object()}}),
              HasSubstr("pre_tokenizer.pretokenizers: expected an array"));
}

}  // namespace
}  // namespace ashlar::test
