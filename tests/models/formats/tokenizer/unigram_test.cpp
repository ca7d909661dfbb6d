// SPDX-License-Identifier: Apache-2.0
// The best of all ways to cut a text, against trying them all; and broken descriptions.
#include "models/formats/tokenizer/unigram.h"

#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace ashlar::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Pieces = std::vector<std::pair<std::string, double>>;

// As arrays: nlohmann's initialiser lists would make an object of pairs.
Json unigram(const Pieces& pieces) {
  const Json vocab = pieces;
  return {{"model", {{"type", "Unigram"}, {"vocab", vocab}}}};
}

double best_score(const std::map<std::string, double>& scores, std::string_view text) {
  if (text.empty())
    return 0;
  double best = -std::numeric_limits<double>::infinity();
  for (const auto& [token, score] : scores)
    if (text.starts_with(token))
      best = std::max(best, score + best_score(scores, text.substr(token.size())));
  return best;
}

TEST(Unigram, FindsTheBestCut) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> score(-9, -1);
  const std::vector<std::string> tokens = {"a", "b", "ab", "ba", "aab", "bb", "abba"};
  for (int round = 0; round < 50; ++round) {
    std::map<std::string, double> scores;
    Pieces pieces;
    for (const std::string& token : tokens) {
      scores[token] = score(random);
      pieces.emplace_back(token, scores[token]);
    }
    std::string text;
    while (text.size() < 11)
      text += random() % 2 ? 'a' : 'b';
    double sum = 0;
    for (const auto id : load(unigram(pieces)).encode(text, true))
      sum += scores[tokens[static_cast<std::size_t>(id)]];
    EXPECT_NEAR(sum, best_score(scores, text), 1e-9) << text;
  }
}

TEST(Unigram, AnEqualWayDoesNotReplaceTheFirst) {
  EXPECT_THAT(load(unigram({{"a", -1}, {"aa", -2}})).encode("aa", true), ElementsAre(1));
}

TEST(Unigram, OldFilesHaveNoType) {
  Json description = unigram({{"?", 0}, {"a", -1}});
  description["model"].erase("type");
  description["model"]["unk_id"] = 0;
  EXPECT_THAT(load(description).encode("a!", true), ElementsAre(1, 0));
}

TEST(Unigram, NeedsTheUnknownTokenOnlyForUnknownCharacters) {
  const Tokenizer tokenizer = load(unigram({{"a", -1}, {"b", -2}}));
  EXPECT_THAT(tokenizer.encode("ab", true), ElementsAre(0, 1));
  EXPECT_THAT(message_of<FormatError>([&] { tokenizer.encode("c", true); }),
              HasSubstr("model.unk_id: the text has characters that no token covers"));
}

TEST(Unigram, RejectsMalformedDescriptions) {
  EXPECT_THAT(load_error<FormatError>(unigram({{"a", -1}, {"a", -2}})),
              HasSubstr("token \"a\" has two ids, 0 and 1"));
  const auto vocab_error = [](const Json& vocab) {
    return load_error<FormatError>({{"model", {{"type", "Unigram"}, {"vocab", vocab}}}});
  };
  EXPECT_THAT(vocab_error(Json::array({Json::array({"a"})})),
              HasSubstr("vocab[0]: expected a token and its score"));
  EXPECT_THAT(vocab_error(Json::array({Json::array({"a", "-1"})})),
              HasSubstr("vocab[0]: expected a token and its score"));
  EXPECT_THAT(vocab_error(Json::object()), HasSubstr("vocab: expected an array"));
  Json description = unigram({{"a", -1}, {"b", -2}});
  description["model"]["unk_id"] = 2;
  EXPECT_THAT(load_error<FormatError>(description),
              HasSubstr("unk_id: expected an integer from 0 to 1"));
}

// Tokens may be as long as the text, so that every place of it looks at all the rest.
TEST(Unigram, LongTokensDoNotMakeEndlessWork) {
  const Json description = unigram({{"a", -1}, {std::string(64 * 1024, 'a'), -1}});
  EXPECT_THAT(
      message_of<Unsupported>([&] { load(description).encode(std::string(70'000, 'a'), true); }),
      HasSubstr("takes too long"));
}

}  // namespace
}  // namespace ashlar::test
