// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/added_tokens.h"

#include "models/formats/tokenizer/prefix_tree.h"
#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace ashlar::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using tokenizer::PrefixTree;

TEST(PrefixTree, FindsTheLongestOfTheLeftmost) {
  PrefixTree tree;
  tree.insert("ab", 1);
  tree.insert("abcd", 2);
  tree.insert("b", 3);
  tree.insert("", 4);
  const auto match = tree.find_next("xabcabcd", 0);
  ASSERT_TRUE(match);
  EXPECT_EQ(match->span, (tokenizer::Span{1, 3}));
  EXPECT_EQ(match->value, 1);
  EXPECT_EQ(tree.find_next("xabcabcd", 3)->value, 2);
  EXPECT_FALSE(tree.find_next("xyz", 0));
  EXPECT_FALSE(tree.find_next("ab", 2));
}

TEST(PrefixTree, RandomSetsMatchASearchForEachKey) {
  std::mt19937 random(3);
  const auto word = [&](std::size_t length) {
    std::string text;
    while (text.size() < length)
      text += "ab"[random() % 2];
    return text;
  };
  for (int round = 0; round < 300; ++round) {
    PrefixTree tree;
    std::vector<std::string> keys;
    for (int i = 0; i < 4; ++i) {
      keys.push_back(word(1 + random() % 4));
      tree.insert(keys.back(), i);
    }
    const std::string text = word(12);
    std::size_t best = std::string::npos;
    std::size_t length = 0;
    for (const auto& key : keys) {
      const std::size_t at = text.find(key);
      if (at < best || (at == best && at != std::string::npos && key.size() > length)) {
        best = at;
        length = key.size();
      }
    }
    const auto match = tree.find_next(text, 0);
    ASSERT_EQ(match.has_value(), best != std::string::npos);
    if (match)
      EXPECT_EQ(match->span, (tokenizer::Span{best, best + length})) << text;
  }
}

Json token(std::string content, int id) {
  return {{"id", id}, {"content", std::move(content)}, {"normalized", false}};
}

Json with_tokens(std::vector<Json> tokens) {
  Json description = byte_description();
  description["added_tokens"] = std::move(tokens);
  return description;
}

TEST(AddedTokens, FoundInRawOrInNormalizedText) {
  Json raw = token("A", 300);
  Json normalized = token("B", 301);
  normalized["normalized"] = true;
  Json description = with_tokens({raw, normalized});
  description["normalizer"] = {{"type", "Lowercase"}};
  EXPECT_EQ(shown(load(description), "aAbB"), "a|{300}{301}{301}");
}

TEST(AddedTokens, NormalizedByDefaultUnlessSpecial) {
  Json description = with_tokens(
      {{{"id", 300}, {"content", "A"}}, {{"id", 301}, {"content", "B"}, {"special", true}}});
  description["normalizer"] = {{"type", "Lowercase"}};
  EXPECT_EQ(shown(load(description), "ab"), "{300}b|");
}

TEST(AddedTokens, SwallowedWhiteSpaceIsReadOnce) {
  Json space = token(" ", 300);
  space["rstrip"] = true;
  const Tokenizer tokenizer = load(with_tokens({space}));
  EXPECT_EQ(shown(tokenizer, "a   b"), "a|{300}{300}{300}b|");
  // Minutes if each match read the rest of the run.
  const auto ids = tokenizer.encode(std::string(1 << 20, ' '), true);
  EXPECT_EQ(ids.size(), std::size_t{1} << 20);
  EXPECT_THAT(ids, testing::Each(300));
}

TEST(AddedTokens, LookUps) {
  Json special = token("<s>", 301);
  special["special"] = true;
  const Tokenizer tokenizer = load(with_tokens({token("<x>", 300), special, token("", 302)}));
  EXPECT_EQ(tokenizer.token_to_id("<x>"), 300);
  EXPECT_EQ(tokenizer.token_to_id("<0x41>"), 0x41);
  EXPECT_EQ(tokenizer.token_to_id("<y>"), std::nullopt);
  EXPECT_EQ(tokenizer.id_to_token(301), "<s>");
  EXPECT_EQ(tokenizer.id_to_token(0x41), "<0x41>");
  EXPECT_EQ(tokenizer.id_to_token(299), std::nullopt);
  EXPECT_EQ(tokenizer.id_to_token(-1), std::nullopt);
  EXPECT_EQ(tokenizer.vocab_size(), 302);
  EXPECT_TRUE(tokenizer.is_special(301));
  EXPECT_FALSE(tokenizer.is_special(300));
  EXPECT_THAT(tokenizer.special_ids(), ElementsAre(301));
}

TEST(AddedTokens, DecodedAsTheyLookInTheText) {
  Json normalized = token("Tag", 300);
  normalized["normalized"] = true;
  normalized["special"] = true;
  Json description = with_tokens({normalized});
  description["normalizer"] = {{"type", "Lowercase"}};
  description["decoder"] = {{"type", "Fuse"}};
  const Tokenizer tokenizer = load(description);
  EXPECT_EQ(tokenizer.decode({300}, false), "tag");
  EXPECT_EQ(tokenizer.decode({300}, true), "");
  EXPECT_EQ(tokenizer.id_to_token(300), "Tag");
}

TEST(AddedTokens, RejectsContradictions) {
  const auto error = [](std::vector<Json> tokens) {
    return load_error<FormatError>(with_tokens(std::move(tokens)));
  };
  EXPECT_THAT(error({token("<0x41>", 300)}),
              HasSubstr("added_tokens[0]: token \"<0x41>\" has id 300, but 65 in the vocabulary"));
  EXPECT_THAT(error({token("x", 65)}), HasSubstr("belongs to \"<0x41>\""));
  EXPECT_THAT(error({token("x", 300), token("x", 301)}), HasSubstr("has two ids, 300 and 301"));
  EXPECT_THAT(error({token("x", 300), token("y", 300)}),
              HasSubstr("added_tokens[1]: id 300 belongs to two tokens"));
  EXPECT_THAT(error({token("x", -1)}), HasSubstr("added_tokens[0].id: expected an integer"));
  EXPECT_THAT(error({token(std::string(513, 'x'), 300)}), HasSubstr("513 bytes"));
  EXPECT_THAT(error({{{"id", 300}}}), HasSubstr("\"content\" is missing"));
  EXPECT_THAT(error({7}), HasSubstr("added_tokens[0]: expected an object"));
}

}  // namespace
}  // namespace ashlar::test
