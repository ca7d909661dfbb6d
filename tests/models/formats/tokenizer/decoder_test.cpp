// SPDX-License-Identifier: Apache-2.0
// What components.json does not show: when text comes out of a stream, and refusals.
#include "models/formats/tokenizer/streaming_detokenizer.h"
#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ashlar::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The tokens are added to the byte model, from id 300.
Json with(const Json& decoder, const std::vector<std::string>& tokens) {
  Json description = byte_description();
  description["decoder"] = decoder;
  description["added_tokens"] = Json::array();
  for (std::size_t i = 0; i < tokens.size(); ++i)
    description["added_tokens"].push_back(
        {{"id", 300 + i}, {"content", tokens[i]}, {"normalized", false}});
  return description;
}

// The pieces of text that `ids` give, one by one, and that of the flush.
std::vector<std::string> pieces(const Tokenizer& tokenizer, const std::vector<std::int32_t>& ids) {
  StreamingDetokenizer stream(tokenizer, false);
  std::vector<std::string> result;
  for (const auto id : ids)
    result.push_back(stream.push(id));
  result.push_back(stream.flush());
  return result;
}

std::vector<std::string> pieces(const Json& decoder, const std::vector<std::string>& tokens) {
  std::vector<std::int32_t> ids;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    ids.push_back(static_cast<std::int32_t>(300 + i));
  return pieces(load(with(decoder, tokens)), ids);
}

Json sequence(std::vector<Json> decoders) {
  return {{"type", "Sequence"}, {"decoders", std::move(decoders)}};
}

const Json kStrip = {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}};
const Json kFuse = {{"type", "Fuse"}};
const Json kReplace = {{"type", "Replace"}, {"pattern", {{"String", "_"}}}, {"content", " "}};
const Json kByteFallback = {{"type", "ByteFallback"}};

TEST(StreamingDetokenizer, ByteLevelHoldsBackHalfACharacter) {
  // U+00C3 U+00A9 stand for the bytes of e with acute accent, U+0120 for a space.
  EXPECT_THAT(pieces({{"type", "ByteLevel"}}, {"a", "\xC3\x83", "\xC2\xA9", "\xC4\xA0z"}),
              ElementsAre("a", "", "\xC3\xA9", " z", ""));
  EXPECT_THAT(pieces({{"type", "ByteLevel"}}, {"\xC3\x83", "a", "\xC3\x83\xC3\x83"}),
              ElementsAre("",
                          "\xEF\xBF\xBD"
                          "a",
                          "\xEF\xBF\xBD", "\xEF\xBF\xBD"));
}

TEST(StreamingDetokenizer, SentencePieceStripsOnlyTheFirstSpace) {
  EXPECT_THAT(pieces(sequence({kReplace, kByteFallback, kFuse, kStrip}), {"_", "_a", "_b"}),
              ElementsAre("", " a", " b", ""));
}

TEST(StreamingDetokenizer, ByteFallbackWaitsForTheEndOfTheRun) {
  const Tokenizer tokenizer = load(with(sequence({kByteFallback, kFuse}), {"x"}));
  EXPECT_THAT(pieces(tokenizer, {0xC3, 0xA9, 300}), ElementsAre("", "", "\xC3\xA9x", ""));
  EXPECT_THAT(pieces(tokenizer, {0xC3, 0xA9, 0xFF}),
              ElementsAre("", "", "", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"));
}

TEST(StreamingDetokenizer, StripHoldsBackWhatMayBeTheEnd) {
  const Json strip = {{"type", "Strip"}, {"content", "a"}, {"start", 1}, {"stop", 2}};
  EXPECT_THAT(pieces(sequence({kFuse, strip}), {"aab", "aaa", "c", "aaaa"}),
              ElementsAre("ab", "a", "aac", "aa", ""));
  EXPECT_THAT(pieces(sequence({kFuse, strip}), {"a", "aa"}), ElementsAre("", "", ""));
}

TEST(StreamingDetokenizer, LastTokenOfBpe) {
  EXPECT_THAT(pieces({{"type", "BPEDecoder"}}, {"a</w>", "b", "c</w>"}),
              ElementsAre("", "a ", "b", "c"));
}

TEST(StreamingDetokenizer, FirstTokenStandsOut) {
  EXPECT_THAT(pieces({{"type", "Metaspace"}, {"replacement", "_"}}, {"_a", "_b_"}),
              ElementsAre("a", " b ", ""));
  EXPECT_THAT(pieces({{"type", "WordPiece"}}, {"a", "##b", "."}), ElementsAre("a", "b", ".", ""));
  EXPECT_THAT(pieces(nullptr, {"a", "b"}), ElementsAre("a", " b", ""));
}

TEST(StreamingDetokenizer, SkipsSpecialAndUnknownIds) {
  Json description = with(kFuse, {"a", "<s>"});
  description["added_tokens"][1]["special"] = true;
  const Tokenizer tokenizer = load(description);
  StreamingDetokenizer stream(tokenizer, true);
  EXPECT_EQ(stream.push(301), "");
  EXPECT_EQ(stream.push(12345), "");
  EXPECT_EQ(stream.push(-1), "");
  EXPECT_EQ(stream.push(300), "a");
  EXPECT_EQ(stream.flush(), "");
  EXPECT_EQ(StreamingDetokenizer(tokenizer, false).push(301), "<s>");
}

TEST(StreamingDetokenizer, OutlivesTheTokenizer) {
  auto stream = [] {
    return StreamingDetokenizer(load(with({{"type", "ByteLevel"}}, {"a"})), false);
  }();
  EXPECT_EQ(stream.push(300), "a");
}

TEST(Decoder, RefusesByName) {
  EXPECT_THAT(load_error<Unsupported>(with({{"type", "Other"}}, {})),
              HasSubstr("tokenizer.json.decoder: the decoder \"Other\" is not supported"));
}

TEST(Decoder, RejectsMalformedDescriptions) {
  const auto error = [](const Json& value) { return load_error<FormatError>(with(value, {})); };
  EXPECT_THAT(error({{"type", "Strip"}, {"content", "ab"}, {"start", 1}, {"stop", 0}}),
              HasSubstr("decoder.content: expected a string of one character"));
  EXPECT_THAT(error({{"type", "Strip"}, {"content", "a"}, {"start", -1}, {"stop", 0}}),
              HasSubstr("decoder.start: expected an integer"));
  EXPECT_THAT(error({{"type", "Replace"}, {"content", "a"}}), HasSubstr("\"pattern\" is missing"));
  EXPECT_THAT(error({{"type", "Sequence"}}), HasSubstr("\"decoders\" is missing"));
  EXPECT_THAT(error("ByteLevel"), HasSubstr("decoder: expected an object, got \"ByteLevel\""));
}

}  // namespace
}  // namespace ashlar::test
