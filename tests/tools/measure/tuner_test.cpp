// SPDX-License-Identifier: Apache-2.0
// Candidates compile everywhere, the tuner measures all of them, and tuned programs compute the
// same.
#include "models/generate/language_model.h"
#include "models/generate/model_files.h"
#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"
#include "tools/measure/tuner.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

class TunerTest : public testing::Test {
protected:
  static const ModelFiles& pebble() {
    static const ModelFiles files =
        ModelFiles::open(std::filesystem::path(ASHLAR_CHECKPOINTS) / "pebble-4m");
    return files;
  }
  static DecoderProgram program(DType dtype) {
    return {pebble().config(), pebble().weights(), {.dtype = dtype, .prefill_sizes = {16}}};
  }
  // The kernels of a small model's decode and prefill under a choice of schedules.
  static std::vector<KernelSchedule> schedules(const DeviceProfile& profile,
                                               ScheduleLookup lookup = {}) {
    std::vector<KernelSchedule> kernels;
    CompileOptions compile;
    compile.tuning = TuningTable{};
    compile.schedules = std::move(lookup);
    compile.on_kernel = [&](const KernelSchedule& kernel) { kernels.push_back(kernel); };
    static const ModelFiles files =
        ModelFiles::open(std::filesystem::path(ASHLAR_TEST_DATA) / "goldens/families/qwen3");
    const DecoderProgram decoder(files.config(), files.weights(), {.prefill_sizes = {16}});
    compile_graph(trace_entries(decoder.generation_entries()), profile, compile);
    return kernels;
  }
};

TEST_F(TunerTest, CandidatesBeginWithTheModelsChoiceAndDiffer) {
  for (const KernelSchedule& kernel : schedules(*find_profile_fixture("nvidia-h200"))) {
    ASSERT_FALSE(kernel.candidates.empty());
    EXPECT_EQ(kernel.candidates.front(), kernel.schedule);
    for (std::size_t i = 0; i < kernel.candidates.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_NE(kernel.candidates[i], kernel.candidates[j]);
  }
}

TEST_F(TunerTest, EveryCandidateCompilesOnEveryProfile) {
  for (const std::string& name : profile_fixture_names()) {
    const DeviceProfile profile = *find_profile_fixture(name);
    std::map<std::string, std::vector<ScheduleChoice>, std::less<>> candidates;
    std::size_t rounds = 0;
    for (const KernelSchedule& kernel : schedules(profile)) {
      candidates[kernel.key] = kernel.candidates;
      rounds = std::max(rounds, kernel.candidates.size());
    }
    EXPECT_GE(rounds, 8u) << name;
    for (std::size_t round = 1; round < rounds; ++round) {
      const auto lookup = [&](std::string_view, std::string_view key) {
        const std::vector<ScheduleChoice>& list = candidates.find(key)->second;
        return &list[round % list.size()];
      };
      for (const KernelSchedule& kernel : schedules(profile, lookup))
        EXPECT_EQ(kernel.schedule, *lookup("", kernel.key)) << name << ": " << kernel.kernel;
    }
  }
}

TEST_F(TunerTest, SchedulesThatAreNoCandidatesAreIgnored) {
  const DeviceProfile profile = *find_profile_fixture("lavapipe");
  const ScheduleChoice foreign{"matvec", {{"rows", 3}, {"workgroup", 7}}};
  const auto all = [&](std::string_view, std::string_view) { return &foreign; };
  for (const KernelSchedule& kernel : schedules(profile, all))
    EXPECT_EQ(kernel.schedule, kernel.candidates.front());
}

TEST_F(TunerTest, MeasuresAndTheTunedModelChoosesTheSameTokens) {
  Device device;
  const TuneResult result =
      tune_model(device, pebble(), {.context = 16, .dtype = DType::f32, .replays = 1});
  EXPECT_GT(result.kernels, 5u);
  EXPECT_GT(result.candidates, 2 * result.kernels);
  EXPECT_GT(result.default_seconds, 0);
  EXPECT_LE(result.tuned_seconds, result.default_seconds);
  EXPECT_EQ(result.table.device, device.profile().name);

  std::vector<std::vector<std::int32_t>> chosen;
  for (const TuningTable& tuning : {TuningTable{}, result.table}) {
    CompileOptions compile;
    compile.tuning = tuning;
    const DecoderProgram decoder = program(DType::f32);
    DecoderRuntime runtime(
        device, decoder, 512,
        compile_graph(trace_entries(decoder.generation_entries()), device.profile(), compile),
        [](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
          pebble().read_weight(weight, offset, chunk);
        });
    runtime.prefill(std::vector<std::vector<std::int32_t>>{{755, 754, 258}});
    const bool running[] = {false};
    chosen.push_back(runtime.decode(std::vector<std::int32_t>{756}, running, 16).front());
  }
  EXPECT_EQ(chosen[0], chosen[1]);
}

TEST_F(TunerTest, RefusesUnknownEntriesAndNoReplays) {
  Device device;
  EXPECT_THROW(tune_model(device, pebble(), {.entry = "verify"}), InvalidArgument);
  EXPECT_THROW(tune_model(device, pebble(), {.replays = 0}), InvalidArgument);
}

}  // namespace
}  // namespace ashlar
