// SPDX-License-Identifier: Apache-2.0
// Profiling a real model: every command is there once, and the model works on afterwards.
#include "models/compile/load_model.h"
#include "models/generate/generator.h"
#include "runtime/program/error.h"
#include "tools/measure/entry_profile.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

class ProfileTest : public testing::Test {
protected:
  static LanguageModel& pebble() {
    static LanguageModel model = load_model(std::filesystem::path(ASHLAR_CHECKPOINTS) / "pebble-4m",
                                            {.dtype = DType::f32, .prefill_sizes = {16}});
    return model;
  }
  static std::size_t work_of(std::string_view entry) {
    const Executor& executor = pebble().runtime().executor();
    return count_work(executor.program().entries[executor.entry_index(entry)]);
  }
};

TEST_F(ProfileTest, TimesEveryCommandOfDecode) {
  const EntryProfile profile = profile_entry(pebble().runtime(), {.context = 300, .replays = 3});
  EXPECT_EQ(profile.commands.size(), work_of("decode"));
  EXPECT_EQ(profile.tokens, 1);
  EXPECT_EQ(profile.replays, 3);
  EXPECT_GT(profile.plain, 0);
  double end = 0;
  for (const CommandTime& time : profile.commands) {
    EXPECT_GE(time.start, end);
    end = time.start + time.nanoseconds;
  }
}

TEST_F(ProfileTest, HasTheStatisticsOfEveryKernelWhereTheDeviceOffersThem) {
  DecoderRuntime& runtime = pebble().runtime();
  const EntryProfile profile = profile_entry(runtime, {.context = 0, .replays = 1});
  for (const CommandTime& time : profile.commands)
    if (!time.kernel.empty())
      EXPECT_EQ(profile.statistics.contains(time.kernel),
                runtime.device().physical().pipeline_statistics);
}

TEST_F(ProfileTest, TimesPrefill) {
  const EntryProfile profile =
      profile_entry(pebble().runtime(), {.entry = "prefill_16", .context = 0, .replays = 2});
  EXPECT_EQ(profile.commands.size(), work_of("prefill_16"));
  EXPECT_EQ(profile.tokens, 16);
  EXPECT_EQ(profile.runs_per_submit, 1);
}

TEST_F(ProfileTest, TheModelGeneratesAsBefore) {
  Generator generator(pebble());
  const auto generate = [&] {
    pebble().runtime().rewind(std::vector<std::int64_t>{0});
    return generator.run({{755, 754, 258, 756}}, {.max_tokens = 8}).front().ids;
  };
  const std::vector<std::int32_t> before = generate();
  profile_entry(pebble().runtime(), {.context = 40, .replays = 1});
  EXPECT_EQ(generate(), before);
}

TEST_F(ProfileTest, RefusesWhatCannotRun) {
  DecoderRuntime& runtime = pebble().runtime();
  EXPECT_THROW(profile_entry(runtime, {.entry = "prefill_17"}), InvalidArgument);
  EXPECT_THROW(profile_entry(runtime, {.context = pebble().config().max_positions}),
               InvalidArgument);
  EXPECT_THROW(profile_entry(runtime, {.context = -1}), InvalidArgument);
  EXPECT_THROW(profile_entry(runtime, {.replays = 0}), InvalidArgument);
}

}  // namespace
}  // namespace ashlar
