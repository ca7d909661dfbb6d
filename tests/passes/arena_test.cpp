// SPDX-License-Identifier: Apache-2.0
#include "passes/arena.h"

#include <gtest/gtest.h>

#include <random>

namespace ashlar {
namespace {

TEST(Arena, SharesMemoryOfTemporariesThatDoNotMeet) {
  const ArenaLayout layout = lay_out_arena({{1000, 0, 1}, {1000, 2, 3}}, true);
  EXPECT_EQ(layout.offsets, (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(layout.bytes, 1024);
}

TEST(Arena, KeepsTemporariesOfOneStepApart) {
  const ArenaLayout layout = lay_out_arena({{1000, 0, 2}, {1000, 2, 3}}, true);
  EXPECT_EQ(layout.bytes, 2048);
  EXPECT_NE(layout.offsets[0], layout.offsets[1]);
}

TEST(Arena, TakesTheTightestGap) {
  // The 4 KiB and the 1 KiB holder leave at step 1; the newcomer takes the smaller hole.
  const ArenaLayout layout =
      lay_out_arena({{4096, 0, 0}, {2048, 0, 9}, {1024, 0, 0}, {600, 0, 9}, {500, 1, 2}}, true);
  EXPECT_EQ(layout.offsets[4], layout.offsets[2]);
}

TEST(Arena, WithoutAliasingNothingIsShared) {
  EXPECT_EQ(lay_out_arena({{1, 0, 0}, {1, 5, 5}, {1, 9, 9}}, false).bytes, 3 * kBufferAlignment);
}

TEST(Arena, NeverOverlapsLiveTemporaries) {
  std::mt19937 engine(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Lifetime> lives;
    for (int i = 0; i < 40; ++i) {
      const std::int64_t first = engine() % 20;
      lives.push_back({static_cast<std::int64_t>(engine() % 5000), first,
                       first + static_cast<std::int64_t>(engine() % 6)});
    }
    const ArenaLayout layout = lay_out_arena(lives, true);
    for (std::size_t a = 0; a < lives.size(); ++a)
      for (std::size_t b = a + 1; b < lives.size(); ++b) {
        const bool meet = lives[a].first <= lives[b].last && lives[b].first <= lives[a].last;
        const bool overlap = layout.offsets[a] < layout.offsets[b] + lives[b].bytes &&
                             layout.offsets[b] < layout.offsets[a] + lives[a].bytes;
        EXPECT_FALSE(meet && overlap && lives[a].bytes > 0 && lives[b].bytes > 0);
        EXPECT_LE(layout.offsets[a] + lives[a].bytes, layout.bytes);
      }
  }
}

}  // namespace
}  // namespace ashlar
