// SPDX-License-Identifier: Apache-2.0
// What components.json does not show: limits, and broken descriptions.
#include "runtime/program/error.h"
#include "tests/models/formats/tokenizer/test_tokenizer.h"

#include <gmock/gmock.h>

namespace ashlar::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json word_piece() {
  return {{"model",
           {{"type", "WordPiece"},
            {"unk_token", "?"},
            {"vocab", {{"?", 0}, {"a", 1}, {"ab", 2}, {"##b", 3}, {"##ab", 4}}}}}};
}

TEST(WordPiece, TakesTheLongestTokenFirst) {
  EXPECT_THAT(load(word_piece()).encode("abb", true), ElementsAre(2, 3));
  EXPECT_THAT(load(word_piece()).encode("aabab", true), ElementsAre(1, 4, 4));
  EXPECT_THAT(load(word_piece()).encode("abba", true), ElementsAre(0)) << "a start within a word";
}

TEST(WordPiece, ALongWordIsUnknown) {
  const Tokenizer tokenizer = load(word_piece());
  EXPECT_EQ(tokenizer.encode("a" + std::string(99, 'b'), true).size(), 99u);
  EXPECT_THAT(tokenizer.encode("a" + std::string(100, 'b'), true), ElementsAre(0));
  Json description = word_piece();
  description["model"]["max_input_chars_per_word"] = 2;
  description["model"]["vocab"]["\xC3\xA9\xC3\xA9"] = 5;
  EXPECT_THAT(load(description).encode("\xC3\xA9\xC3\xA9", true), ElementsAre(5)) << "4 bytes";
}

TEST(WordPiece, OldFilesHaveNoType) {
  Json description = word_piece();
  description["model"].erase("type");
  description["model"]["max_input_chars_per_word"] = 100;
  EXPECT_THAT(load(description).encode("abb", true), ElementsAre(2, 3));
}

TEST(WordPiece, NeedsTheUnknownTokenOnlyForUnknownWords) {
  Json description = word_piece();
  description["model"]["unk_token"] = "[UNK]";
  const Tokenizer tokenizer = load(description);
  EXPECT_THAT(tokenizer.encode("ab", true), ElementsAre(2));
  EXPECT_THAT(message_of<FormatError>([&] { tokenizer.encode("z", true); }),
              HasSubstr("model.unk_token: \"[UNK]\" is not in the vocabulary"));
}

TEST(WordPiece, RejectsMalformedDescriptions) {
  Json description = word_piece();
  description["model"]["max_input_chars_per_word"] = -1;
  EXPECT_THAT(load_error<FormatError>(description),
              HasSubstr("max_input_chars_per_word: expected"));
  description = word_piece();
  description["model"].erase("vocab");
  EXPECT_THAT(load_error<FormatError>(description), HasSubstr("\"vocab\" is missing"));
}

TEST(WordLevel, NeedsTheUnknownTokenOnlyForUnknownWords) {
  const Tokenizer tokenizer = load({{"model", {{"type", "WordLevel"}, {"vocab", {{"ab", 7}}}}}});
  EXPECT_THAT(tokenizer.encode("ab", true), ElementsAre(7));
  EXPECT_THAT(message_of<FormatError>([&] { tokenizer.encode("a", true); }),
              HasSubstr("model.unk_token: \"<unk>\" is not in the vocabulary"));
}

}  // namespace
}  // namespace ashlar::test
