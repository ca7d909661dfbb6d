// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/bpe.h"

#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace ashlar::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tokenizer::Bpe;
using tokenizer::JsonNode;
using tokenizer::WorkLimit;

Json small_model() {
  return {{"type", "BPE"},
          {"vocab", {{"a", 0}, {"b", 1}, {"c", 2}, {"ab", 3}, {"abc", 4}, {"bc", 5}, {"?", 6}}},
          {"merges", Json::array({"a b", "b c", "ab c"})}};
}

std::vector<std::int32_t> encoded(const Json& description, std::string_view piece) {
  std::vector<std::int32_t> ids;
  WorkLimit limit = WorkLimit::for_text(piece.size());
  Bpe(JsonNode(description, "model")).encode(piece, limit, ids);
  return ids;
}

template <typename ErrorType> std::string refusal(const Json& description) {
  return message_of<ErrorType>([&] { Bpe model(JsonNode(description, "model")); });
}

TEST(Bpe, MergesByRankThenPosition) {
  EXPECT_THAT(encoded(small_model(), "abc"), ElementsAre(4));
  EXPECT_THAT(encoded(small_model(), "bcabc"), ElementsAre(5, 4));
  EXPECT_THAT(encoded(small_model(), "aabb"), ElementsAre(0, 3, 1));
}

TEST(Bpe, BothSpellingsOfMerges) {
  Json model = small_model();
  model["merges"] = Json::array({{"a", "b"}, {"b", "c"}, {"ab", "c"}});
  EXPECT_THAT(encoded(model, "abc"), ElementsAre(4));
  model["merges"] = Json::array({"#version: 0.2", "a b"});
  EXPECT_THAT(encoded(model, "abc"), ElementsAre(3, 2));
}

TEST(Bpe, TheLaterOfTwoEqualMergesWins) {
  Json model = small_model();
  model["merges"] = {"a b", "b c", "a b"};
  EXPECT_THAT(encoded(model, "abc"), ElementsAre(0, 5));
}

TEST(Bpe, UnknownCharacters) {
  Json model = small_model();
  EXPECT_THAT(encoded(model, "axb"), ElementsAre(3)) << "dropped without a trace";
  model["unk_token"] = "?";
  EXPECT_THAT(encoded(model, "axyb"), ElementsAre(0, 6, 6, 1));
  model["fuse_unk"] = true;
  EXPECT_THAT(encoded(model, "axyb"), ElementsAre(0, 6, 1));
  model["unk_token"] = "gone";
  EXPECT_THAT(encoded(model, "ab"), ElementsAre(3));
  EXPECT_THAT(message_of<FormatError>([&] { encoded(model, "x"); }),
              HasSubstr("model.unk_token: \"gone\" is not in the vocabulary"));
}

TEST(Bpe, ByteFallbackNeedsAllBytes) {
  Json model = small_model();
  model["byte_fallback"] = true;
  model["unk_token"] = "?";
  model["vocab"]["<0xC3>"] = 7;
  EXPECT_THAT(encoded(model, "\xC3\xA9"), ElementsAre(6));
  model["vocab"]["<0xA9>"] = 8;
  EXPECT_THAT(encoded(model, "\xC3\xA9"), ElementsAre(7, 8));
  model["vocab"]["<0xC3><0xA9>"] = 9;
  model["merges"] = Json::array({"<0xC3> <0xA9>"});
  EXPECT_THAT(encoded(model, "\xC3\xA9"), ElementsAre(9)) << "byte tokens take part in merges";
}

TEST(Bpe, WholePiecesWithIgnoreMerges) {
  Json model = small_model();
  model["merges"] = Json::array();
  EXPECT_THAT(encoded(model, "abc"), ElementsAre(0, 1, 2));
  model["ignore_merges"] = true;
  EXPECT_THAT(encoded(model, "abc"), ElementsAre(4));
}

// The definition, without any data structure: merge the best pair until there is none.
std::vector<std::string>
merged_naively(std::vector<std::string> symbols,
               const std::vector<std::pair<std::string, std::string>>& merges) {
  std::map<std::pair<std::string, std::string>, std::size_t> rank;
  for (std::size_t i = 0; i < merges.size(); ++i)
    rank[merges[i]] = i;
  for (;;) {
    std::size_t best = merges.size();
    std::size_t at = 0;
    for (std::size_t i = 0; i + 1 < symbols.size(); ++i)
      if (const auto entry = rank.find({symbols[i], symbols[i + 1]});
          entry != rank.end() && entry->second < best) {
        best = entry->second;
        at = i;
      }
    if (best == merges.size())
      return symbols;
    symbols[at] += symbols[at + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

TEST(Bpe, RandomModelsMatchTheDefinition) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> tokens = {"a", "b", "c"};
    std::vector<std::pair<std::string, std::string>> merges;
    for (int i = 0; i < 30; ++i) {
      const auto& left = tokens[random() % tokens.size()];
      const auto& right = tokens[random() % tokens.size()];
      const std::pair pair(left, right);
      if (std::find(merges.begin(), merges.end(), pair) != merges.end() || left.size() > 8)
        continue;
      merges.push_back(pair);
      if (const std::string joined = pair.first + pair.second;
          std::find(tokens.begin(), tokens.end(), joined) == tokens.end())
        tokens.push_back(joined);
    }
    Json vocab = Json::object();
    for (std::size_t i = 0; i < tokens.size(); ++i)
      vocab[tokens[i]] = i;
    const Json model = {{"vocab", vocab}, {"merges", merges}};
    std::string piece;
    std::vector<std::string> symbols;
    for (int i = 0; i < 40; ++i) {
      piece += "abc"[random() % 3];
      symbols.emplace_back(1, piece.back());
    }
    std::vector<std::int32_t> expected;
    for (const auto& symbol : merged_naively(symbols, merges))
      expected.push_back(vocab[symbol]);
    ASSERT_EQ(encoded(model, piece), expected) << model.dump() << piece;
  }
}

TEST(Bpe, LongPiecesTakeLittleTime) {
  const Json model = {{"vocab", {{"A", 0}, {"AA", 1}, {"AAAA", 2}}},
                      {"merges", Json::array({"A A", "AA AA"})}};
  EXPECT_EQ(encoded(model, std::string(1'000'000, 'A')).size(), 250'000u);
}

TEST(Bpe, RejectsMalformedModels) {
  const auto with = [](const char* key, const Json& value) {
    Json model = small_model();
    model[key] = value;
    return refusal<FormatError>(model);
  };
  Json without_merges = small_model();
  without_merges.erase("merges");
  EXPECT_THAT(refusal<FormatError>(without_merges), HasSubstr("model: \"merges\" is missing"));
  EXPECT_THAT(with("vocab", Json::array()), HasSubstr("model.vocab: expected an object"));
  EXPECT_THAT(with("vocab", {{"a", -1}}), HasSubstr("model.vocab[\"a\"]: expected an integer"));
  EXPECT_THAT(with("vocab", {{"a", 1.5}}), HasSubstr("got 1.5"));
  EXPECT_THAT(with("vocab", {{"a", "b"}}), HasSubstr("got \"b\""));
  EXPECT_THAT(with("vocab", {{"a", 4'194'304}}), HasSubstr("from 0 to 4194303"));
  EXPECT_THAT(with("vocab", {{"a", 1}, {"b", 1}}), HasSubstr("id 1 belongs to two tokens"));
  EXPECT_THAT(with("vocab", {{std::string(65'537, 'a'), 1}}), HasSubstr("65537 bytes"));
  EXPECT_THAT(with("merges", "a b"), HasSubstr("model.merges: expected an array"));
  EXPECT_THAT(with("merges", Json::array({"ab"})),
              HasSubstr("model.merges[0]: expected two tokens"));
  EXPECT_THAT(with("merges", Json::array({"a  b"})), HasSubstr("expected two tokens"));
  EXPECT_THAT(with("merges", Json::array({"a b", 7})),
              HasSubstr("model.merges[1]: expected two tokens"));
  EXPECT_THAT(with("merges", Json::array({{"a", "b", "c"}})), HasSubstr("expected two tokens"));
  EXPECT_THAT(with("merges", Json::array({"a z"})),
              HasSubstr("token \"z\" is not in the vocabulary"));
  EXPECT_THAT(with("merges", Json::array({"c a"})),
              HasSubstr("token \"ca\" is not in the vocabulary"));
  EXPECT_THAT(with("continuing_subword_prefix", "##"), HasSubstr("does not begin with the prefix"));
  EXPECT_THAT(with("byte_fallback", "yes"),
              HasSubstr("model.byte_fallback: expected true or false"));
}

TEST(Bpe, RefusesDropout) {
  Json model = small_model();
  model["dropout"] = 0.1;
  EXPECT_THAT(refusal<Unsupported>(model), HasSubstr("dropout 0.1"));
  model["dropout"] = 0.0;
  EXPECT_THAT(encoded(model, "abc"), ElementsAre(4));
}

}  // namespace
}  // namespace ashlar::test
