// SPDX-License-Identifier: Apache-2.0
// Files that would make endless work or endless text.
#include "models/formats/tokenizer/work_limit.h"

#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ashlar::test {
namespace {

using testing::HasSubstr;
using tokenizer::WorkLimit;

Json doubling(const char* text) {
  return {
      {"type", "Replace"}, {"pattern", {{"String", text}}}, {"content", std::string(text) + text}};
}

std::string encode_error(const Json& description, const std::string& text) {
  return message_of<Unsupported>([&] { load(description).encode(text, true); });
}

TEST(WorkLimit, SizesAreInProportionToTheText) {
  const WorkLimit limit = WorkLimit::for_text(1000);
  limit.check_size((1u << 20) + 64'000);
  EXPECT_THAT(message_of<Unsupported>([&] { limit.check_size((1u << 20) + 64'001); }),
              HasSubstr("a text of 1000 bytes grows to 1112577 bytes: at most 1112576"));
  WorkLimit::for_text(SIZE_MAX).check_size(SIZE_MAX);
}

TEST(WorkLimit, NormalizersCannotGrowATextWithoutEnd) {
  Json description = byte_description();
  description["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
  for (int i = 0; i < 64; ++i)
    description["normalizer"]["normalizers"].push_back(doubling("a"));
  EXPECT_THAT(encode_error(description, "a"), HasSubstr("a text of 1 bytes grows to"));
  for (auto& step : description["normalizer"]["normalizers"])
    step = {{"type", "ByteLevel"}};
  EXPECT_THAT(encode_error(description, "\xC3\xA9"), HasSubstr("a text of 2 bytes grows to"));
  description["normalizer"] = {
      {"type", "Replace"}, {"pattern", {{"String", ""}}}, {"content", std::string(100'000, 'x')}};
  EXPECT_THAT(encode_error(description, std::string(1000, 'a')), HasSubstr("grows to"));
}

TEST(WorkLimit, PreTokenizersCannotGrowATextWithoutEnd) {
  Json description = byte_description();
  description["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", Json::array()}};
  for (int i = 0; i < 64; ++i)
    description["pre_tokenizer"]["pretokenizers"].push_back(
        {{"type", "ByteLevel"}, {"use_regex", false}});
  EXPECT_THAT(encode_error(description, "a"), HasSubstr("grows to"));
}

TEST(WorkLimit, DecodersCannotGrowATokenWithoutEnd) {
  Json description = byte_description();
  description["decoder"] = {{"type", "Sequence"}, {"decoders", Json::array()}};
  for (int i = 0; i < 64; ++i)
    description["decoder"]["decoders"].push_back(doubling("x"));
  const Tokenizer tokenizer = load(description);
  EXPECT_THAT(message_of<Unsupported>([&] { tokenizer.decode({0x41}, true); }),
              HasSubstr("grows to"));
}

TEST(WorkLimit, TimeIsSharedByAllPieces) {
  Json description = byte_description();
  // Slow on every piece, but on none for long.
  description["pre_tokenizer"] = {{"type", "Sequence"},
                                  {"pretokenizers",
                                   {{{"type", "WhitespaceSplit"}},
                                    {{"type", "Split"},
                                     {"pattern", {{"Regex", "(?:a|aa)+(?=x|y)"}}},
                                     {"behavior", "Isolated"}}}}};
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += std::string(22, 'a') + " ";
  EXPECT_THAT(encode_error(description, text), HasSubstr("takes too long"));
}

TEST(WorkLimit, SequencesHaveFewSteps) {
  for (const auto& [part, list] :
       std::vector<std::pair<std::string, std::string>>{{"normalizer", "normalizers"},
                                                        {"pre_tokenizer", "pretokenizers"},
                                                        {"post_processor", "processors"},
                                                        {"decoder", "decoders"}}) {
    Json description = byte_description();
    description[part] = {{"type", "Sequence"}, {list, Json::array()}};
    for (int i = 0; i < 65; ++i)
      description[part][list].push_back({{"type", part == "normalizer" ? "NFC" : "ByteLevel"}});
    EXPECT_THAT(load_error<FormatError>(description),
                HasSubstr("65 steps: at most 64 are allowed"));
    description[part][list].erase(0);
    load(description);
  }
}

}  // namespace
}  // namespace ashlar::test
