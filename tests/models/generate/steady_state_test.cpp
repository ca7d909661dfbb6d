// SPDX-License-Identifier: Apache-2.0
// Decoding a real model: what grows, what never changes, and what is allocated.
#include "models/compile/load_model.h"
#include "models/generate/generator.h"
#include "runtime/vulkan/transfers.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

// A small model whose context is long enough for its caches to double several times.
fs::path model_of_long_context() {
  const fs::path folder = fs::path(testing::TempDir()) / "steady_state_model";
  fs::remove_all(folder);
  fs::copy(fs::path(ASHLAR_TEST_DATA) / "goldens/families/llama", folder);
  nlohmann::json config = nlohmann::json::parse(std::ifstream(folder / "config.json"));
  config["max_position_embeddings"] = 4096;
  std::ofstream(folder / "config.json") << config;
  return folder;
}

class SteadyStateTest : public testing::Test {
protected:
  static constexpr std::int64_t kTokens = 1'040;

  SteadyStateTest()
      : model_(load_model(model_of_long_context(),
                          {.dtype = DType::f32, .prefill_sizes = {16}, .ignore_eos = true})) {}

  DecoderRuntime& runtime() { return model_.runtime(); }
  ExecutorCounters counters() { return runtime().executor().counters(); }
  MemoryStats memory() { return model_.device().memory().stats(); }

  // From an empty cache, whatever its capacity.
  std::vector<std::int32_t> generate(std::int64_t steps_per_submit) {
    runtime().rewind(std::vector<std::int64_t>{0});
    return Generator(model_)
        .run({{1, 2, 3, 4, 5}}, {.max_tokens = kTokens, .steps_per_submit = steps_per_submit})
        .front()
        .ids;
  }

  LanguageModel model_;
};

TEST_F(SteadyStateTest, ACacheThatGrowsComputesWhatAnAmpleOneDoes) {
  const std::uint64_t allocations = memory().allocations;
  const std::vector<std::int32_t> growing = generate(1);
  ASSERT_EQ(growing.size(), static_cast<std::size_t>(kTokens));
  // From 256 rows, every cache doubled three times. Addresses were patched; only where caches are
  // texel buffers, decode was recorded again.
  const auto caches = 2 * model_.config().layers.size();
  EXPECT_GE(memory().allocations - allocations, 3 * caches);
  const bool has_texels = model_.device().profile().is_cpu;
  EXPECT_EQ(counters().recordings, has_texels ? 5u : 2u);  // prefill and decode

  const std::uint64_t grown = memory().allocations;
  EXPECT_EQ(generate(4), growing);  // prefill meets the last caches here
  const std::uint64_t patched = counters().records_patched;
  EXPECT_GT(patched, 0u);
  EXPECT_EQ(generate(16), growing);
  EXPECT_EQ(counters().recordings, has_texels ? 6u : 2u);
  EXPECT_EQ(counters().records_patched, patched);
  EXPECT_EQ(memory().allocations, grown);
}

TEST_F(SteadyStateTest, DecodingCreatesNoVulkanObject) {
  generate(16);
  generate(16);  // prefill meets caches that grew
  const std::uint64_t objects = model_.device().objects_created();
  const ExecutorCounters before = counters();
  generate(16);
  EXPECT_EQ(model_.device().objects_created(), objects);
  // One submit of prefill, then one for 16 tokens each.
  EXPECT_EQ(counters().submits - before.submits, 1 + kTokens / 16u);
}

TEST_F(SteadyStateTest, MemoryIsWhatThePlanSays) {
  const Program& program = runtime().executor().program();
  std::uint64_t arena = 0, planned = program.constants.size(), buffers = 3;
  for (const Entry& entry : program.entries) {
    arena = std::max(arena, entry.arena_bytes);
    for (const Command& command : entry.commands)
      if (const auto* dispatch = std::get_if<Dispatch>(&command))
        planned += (8 * dispatch->arguments.size() + 4 * dispatch->scalars.size() + 15) / 16 * 16;
  }
  for (const WeightGroup& group : program.weight_groups)
    planned += group.bytes;
  for (const StateSpec& state : program.states)
    planned += byte_count(state.dtype, state.shape);
  buffers += program.weight_groups.size() + program.states.size();
  runtime().warm_up();
  // Drivers round buffers up to at most 256 bytes. Uploads leave staging memory of a fixed size.
  ASSERT_GE(memory().live_bytes, planned + arena);
  EXPECT_LE((memory().live_bytes - planned - arena) % Transfers::kChunkBytes, 256 * buffers);
}

}  // namespace
}  // namespace ashlar
