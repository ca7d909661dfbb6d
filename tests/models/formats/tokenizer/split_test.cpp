// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/split.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace ashlar::tokenizer {
namespace {

// "a--b-": the matches are the dashes.
std::vector<std::string> pieces(SplitBehavior behavior, bool invert = false) {
  const std::string text = "a--b-";
  std::vector<Span> spans;
  split_at({{1, 2}, {2, 3}, {4, 5}}, text.size(), behavior, invert, spans);
  std::vector<std::string> result;
  for (const Span& span : spans)
    result.emplace_back(span.in(text));
  return result;
}

using testing::ElementsAre;

TEST(Split, Behaviors) {
  EXPECT_THAT(pieces(SplitBehavior::kRemoved), ElementsAre("a", "b"));
  EXPECT_THAT(pieces(SplitBehavior::kIsolated), ElementsAre("a", "-", "-", "b", "-"));
  EXPECT_THAT(pieces(SplitBehavior::kMergedWithPrevious), ElementsAre("a-", "-", "b-"));
  EXPECT_THAT(pieces(SplitBehavior::kMergedWithNext), ElementsAre("a", "-", "-b", "-"));
  EXPECT_THAT(pieces(SplitBehavior::kContiguous), ElementsAre("a", "--", "b", "-"));
}

TEST(Split, InvertedBehaviors) {
  EXPECT_THAT(pieces(SplitBehavior::kRemoved, true), ElementsAre("-", "-", "-"));
  EXPECT_THAT(pieces(SplitBehavior::kMergedWithPrevious, true), ElementsAre("a", "-", "-b", "-"));
  EXPECT_THAT(pieces(SplitBehavior::kMergedWithNext, true), ElementsAre("a-", "-", "b-"));
}

TEST(Split, NoMatchesAndNoText) {
  std::vector<Span> spans;
  split_at({}, 3, SplitBehavior::kIsolated, false, spans);
  EXPECT_THAT(spans, ElementsAre(Span{0, 3}));
  spans.clear();
  split_at({}, 0, SplitBehavior::kIsolated, false, spans);
  EXPECT_TRUE(spans.empty());
}

}  // namespace
}  // namespace ashlar::tokenizer
