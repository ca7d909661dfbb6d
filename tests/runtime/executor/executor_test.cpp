// SPDX-License-Identifier: Apache-2.0
#include "runtime/executor/executor.h"

#include "runtime/program/error.h"
#include "tests/runtime/test_programs.h"
#include "tests/runtime/vulkan_test.h"

#include <array>
#include <numeric>

namespace ashlar {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;

class ExecutorTest : public VulkanTest {
protected:
  std::vector<std::uint32_t> iota() {
    std::vector<std::uint32_t> values(kCount);
    std::iota(values.begin(), values.end(), 0u);
    return values;
  }

  std::vector<std::uint32_t> read_words(StateStore& store, std::string_view name,
                                        std::size_t count) {
    std::vector<std::uint32_t> words(count);
    store.read(name, 0, std::as_writable_bytes(std::span(words)));
    return words;
  }

  void write_words(StateStore& store, std::string_view name, std::vector<std::uint32_t> words) {
    store.write(name, 0, std::as_bytes(std::span(words)));
  }
};

// The output of chain_program() for iota().
void expect_chain(const std::vector<std::uint32_t>& values) {
  ASSERT_EQ(values.size(), kCount);
  for (std::uint32_t i = 0; i < kCount; ++i)
    ASSERT_EQ(values[i], i + 111) << "at " << i;
}

TEST_F(ExecutorTest, RunsAChainAndReplaysIt) {
  StateStore store(device());
  Executor executor(device(), chain_program(), store);
  const Buffer x = upload(iota());
  const Buffer y = upload(std::vector<std::uint32_t>(kCount));
  for (int i = 0; i < 3; ++i) {
    device().transfers().fill(y, 0);
    executor.run_and_wait(0, {{{&x}}}, {{{&y}}});
    expect_chain(download<std::uint32_t>(y));
  }
  EXPECT_EQ(executor.counters().recordings, 1u);
  EXPECT_EQ(executor.counters().submits, 3u);
  EXPECT_EQ(executor.counters().dispatches, 9u);
}

TEST_F(ExecutorTest, RepeatAdvancesStepStatesInOneSubmit) {
  StateStore store(device());
  Executor executor(device(), token_program(), store);
  write_words(store, "step", {0, 1});
  executor.run_and_wait(0, {}, {}, 5);
  executor.run_and_wait(0, {}, {}, 1);
  EXPECT_EQ(executor.counters().submits, 2u);
  EXPECT_EQ(executor.counters().recordings, 1u);
  EXPECT_THAT(read_words(store, "step", 2), ElementsAre(6, 1093));
  const auto* ring = reinterpret_cast<const std::uint32_t*>(store.at("ring").buffer().mapped());
  EXPECT_THAT(std::vector(ring, ring + 7), ElementsAre(1, 4, 13, 40, 121, 364, 0));
}

}  // namespace
}  // namespace ashlar
