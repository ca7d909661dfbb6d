// SPDX-License-Identifier: Apache-2.0
// Candidates compile, the tuner measures all of them, and tuned programs compute the same.
#include "models/compile/load_model.h"
#include "models/generate/model_files.h"
#include "models/shapes/published_shapes.h"
#include "models/shapes/random_model.h"
#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"
#include "tools/measure/tuner.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

// A model with few, small layers.
const ModelFiles& small_model() {
  static const ModelFiles files =
      ModelFiles::open(std::filesystem::path(ASHLAR_TEST_DATA) / "goldens/families/qwen3");
  return files;
}

// One layer of packed weights.
const RandomModel& packed_model() {
  static const RandomModel model = [] {
    ModelConfig config = published_shape("llama-134m");
    config.layers.resize(1);
    return RandomModel(config, DType::bf16, AffineEncoding{.bits = 4, .group_size = 64});
  }();
  return model;
}

using Candidates = std::map<std::string, std::vector<ScheduleChoice>, std::less<>>;

class TunerTest : public testing::Test {
protected:
  static DecoderProgram program(const ModelSource& model, DType dtype) {
    return {model.config(), weights_of(model), {.dtype = dtype, .prefill_sizes = {16, 128}}};
  }
  static Program compile_with(const ModelSource& model, DType dtype, const DeviceProfile& profile,
                              const CompileOptions& options) {
    const DecoderProgram decoder = program(model, dtype);
    return compile_entries(decoder, decoder.generation_entries(), profile, options);
  }
  // The kernels of decode and prefill under a choice of schedules.
  static std::vector<KernelSchedule> schedules(const ModelSource& model, DType dtype,
                                               const DeviceProfile& profile,
                                               ScheduleLookup lookup = {}) {
    std::vector<KernelSchedule> kernels;
    CompileOptions options;
    options.tuning = TuningTable{};
    options.schedules = std::move(lookup);
    options.on_kernel = [&](const KernelSchedule& kernel) { kernels.push_back(kernel); };
    compile_with(model, dtype, profile, options);
    return kernels;
  }
  static Candidates candidates(const ModelSource& model, DType dtype,
                               const DeviceProfile& profile) {
    Candidates candidates;
    for (const KernelSchedule& kernel : schedules(model, dtype, profile))
      candidates[kernel.key] = kernel.candidates;
    return candidates;
  }
  static std::size_t rounds(const Candidates& candidates) {
    std::size_t most = 0;
    for (const auto& [key, list] : candidates)
      most = std::max(most, list.size());
    return most;
  }
  // A sample of the rounds, spread over all parameters: all would take minutes.
  static std::vector<std::size_t> sampled_rounds(const Candidates& candidates) {
    const std::size_t step = std::max<std::size_t>(rounds(candidates) / 4, 1);
    std::vector<std::size_t> sample;
    for (std::size_t round = 1; round < rounds(candidates); round += step)
      sample.push_back(round);
    return sample;
  }
  // Each kernel's candidate of this round.
  static ScheduleLookup in_round(const Candidates& candidates, std::size_t round) {
    return [&candidates, round](std::string_view, std::string_view key) {
      const std::vector<ScheduleChoice>& list = candidates.find(key)->second;
      return &list[round % list.size()];
    };
  }
  // What greedy decoding chooses after a prompt.
  static std::vector<std::int32_t> decode(Device& device, const ModelSource& model,
                                          const CompileOptions& options) {
    DecoderRuntime runtime(
        device, compile_with(model, DType::f32, device.profile(), options),
        [&](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
          model.read_weight(weight, offset, chunk);
        });
    runtime.prefill(std::vector<std::vector<std::int32_t>>{{55, 54, 25, 7, 9}});
    const bool running[] = {false};
    return runtime.decode(std::vector<std::int32_t>{56}, running, 16).front();
  }
};

TEST_F(TunerTest, CandidatesBeginWithTheModelsChoiceAndDiffer) {
  for (const KernelSchedule& kernel :
       schedules(small_model(), DType::bf16, *find_profile_fixture("nvidia-h200"))) {
    ASSERT_FALSE(kernel.candidates.empty());
    EXPECT_EQ(kernel.candidates.front(), kernel.schedule);
    for (std::size_t i = 0; i < kernel.candidates.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_NE(kernel.candidates[i], kernel.candidates[j]);
  }
}

TEST_F(TunerTest, CandidatesCompileForACpuAndAGpu) {
  for (const std::string name : {"lavapipe", "nvidia-h200"})
    for (const ModelSource* model : {static_cast<const ModelSource*>(&small_model()),
                                     static_cast<const ModelSource*>(&packed_model())}) {
      const DeviceProfile profile = *find_profile_fixture(name);
      const Candidates all = candidates(*model, DType::bf16, profile);
      EXPECT_GE(rounds(all), 8u) << name;
      for (std::size_t round : sampled_rounds(all))
        for (const KernelSchedule& kernel :
             schedules(*model, DType::bf16, profile, in_round(all, round)))
          EXPECT_EQ(kernel.schedule, *in_round(all, round)("", kernel.key)) << name;
    }
}

TEST_F(TunerTest, CandidatesChooseTheSameTokens) {
  Device device;
  const Candidates all = candidates(small_model(), DType::f32, device.profile());
  CompileOptions options;
  options.tuning = TuningTable{};
  const std::vector<std::int32_t> expected = decode(device, small_model(), options);
  for (std::size_t round : sampled_rounds(all)) {
    options.schedules = in_round(all, round);
    EXPECT_EQ(decode(device, small_model(), options), expected) << "round " << round;
  }
}

TEST_F(TunerTest, SchedulesThatAreNoCandidatesAreIgnored) {
  const ScheduleChoice foreign{"matvec", {{"rows", 3}, {"workgroup", 7}}};
  const auto lookup = [&](std::string_view, std::string_view) { return &foreign; };
  for (const KernelSchedule& kernel :
       schedules(small_model(), DType::bf16, *find_profile_fixture("lavapipe"), lookup))
    EXPECT_EQ(kernel.schedule, kernel.candidates.front());
}

TEST_F(TunerTest, MeasuresAnEntryAndTheTunedModelChoosesTheSameTokens) {
  Device device;
  CompileOptions options;
  options.tuning = TuningTable{};
  const std::vector<std::int32_t> expected = decode(device, small_model(), options);
  const TuneResult result =
      tune_model(device, small_model(),
                 {.entry = "prefill_16", .context = 16, .dtype = DType::f32, .replays = 1});
  EXPECT_GT(result.kernels, 5u);
  EXPECT_GT(result.candidates, 2 * result.kernels);
  EXPECT_GT(result.default_seconds, 0);
  EXPECT_LE(result.tuned_seconds, result.default_seconds);
  EXPECT_EQ(result.table.device, device.profile().name);
  options.tuning = result.table;
  EXPECT_EQ(decode(device, small_model(), options), expected);
}

TEST_F(TunerTest, RefusesUnknownEntriesAndNoReplays) {
  Device device;
  EXPECT_THROW(tune_model(device, small_model(), {.entry = "verify"}), InvalidArgument);
  EXPECT_THROW(tune_model(device, small_model(), {.replays = 0}), InvalidArgument);
}

}  // namespace
}  // namespace ashlar
