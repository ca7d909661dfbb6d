// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/tuner.h"

#include "models/compile/load_model.h"
#include "models/generate/decoder_runtime.h"
#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"
#include "tools/measure/profile_report.h"
#include "tools/measure/statistics.h"
#include "tools/measure/wake.h"

#include <algorithm>
#include <map>

namespace ashlar {
namespace {

constexpr double kSmallestGain = 0.03;

// One kernel and, for each of its candidates, the seconds of a call in each replay.
struct Measured {
  std::vector<ScheduleChoice> candidates;
  std::vector<std::vector<double>> seconds;
  std::string label;
  int calls = 0;  // in one run of the entry
};

class Tuner {
public:
  Tuner(Device& device, const ModelSource& model, const TuneOptions& options)
      : device_(device), model_(model), options_(options),
        program_(decoder_of(model, load_options())) {}

  TuneResult run() {
    report("finding kernels");
    find_kernels();
    report(fmt::format("compiling {} variants", rounds_));
    const Program program = compile_rounds();
    report("loading weights");
    DecoderRuntime runtime(
        device_, program,
        [this](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
          model_.read_weight(weight, offset, chunk);
        });
    for (std::size_t round = 0; round < rounds_; ++round)
      run_round(runtime, round);  // drivers compile when a kernel runs first
    wake(device_, [&] { run_round(runtime, 0); });
    for (int replay = 0; replay < options_.replays; ++replay)
      for (std::size_t round = 0; round < rounds_; ++round) {
        report(fmt::format("replay {} of {}, variant {} of {}", replay + 1, options_.replays,
                           round + 1, rounds_));
        measure(runtime, round);
      }
    return choose();
  }

private:
  LoadOptions load_options() const {
    constexpr std::string_view kPrefix = "prefill_";
    const std::int64_t size = options_.entry.starts_with(kPrefix)
                                  ? std::stoll(options_.entry.substr(kPrefix.size()))
                                  : 16;
    return {.dtype = options_.dtype, .prefill_sizes = {size}, .ignore_eos = true};
  }

  void report(std::string_view stage) const {
    if (options_.progress)
      options_.progress(stage);
  }

  EntryDefinition entry_definition() const {
    for (EntryDefinition& entry : program_.generation_entries())
      if (entry.name == options_.entry)
        return entry;
    throw InvalidArgument("tune", "the model has no entry '{}'", options_.entry);
  }

  CompileOptions compile_options() const {
    CompileOptions compile = CompileOptions::from_environment();
    compile.kv_length = options_.context;
    compile.tuning = TuningTable{};
    return compile;
  }

  void find_kernels() {
    CompileOptions compile = compile_options();
    compile.on_kernel = [this](const KernelSchedule& kernel) {
      Measured& measured = kernels_[kernel.key];
      measured.candidates = kernel.candidates;
      measured.seconds.resize(kernel.candidates.size());
      rounds_ = std::max(rounds_, kernel.candidates.size());
    };
    compile_graph(trace_entries({entry_definition()}), device_.profile(), compile);
  }

  std::string round_name(std::size_t round) const {
    return fmt::format("{}.{}", options_.entry, round);
  }

  // One entry per round; in round r every kernel takes its r-th candidate, beginning again where it
  // has fewer.
  Program compile_rounds() {
    std::vector<EntryDefinition> entries;
    std::map<std::string, std::size_t, std::less<>> round_of;
    for (std::size_t round = 0; round < rounds_; ++round) {
      entries.push_back({round_name(round), entry_definition().function});
      round_of[round_name(round)] = round;
    }
    CompileOptions compile = compile_options();
    compile.schedules = [&](std::string_view entry,
                            std::string_view kernel) -> const ScheduleChoice* {
      const auto found = kernels_.find(kernel);
      if (found == kernels_.end())
        return nullptr;
      const std::vector<ScheduleChoice>& candidates = found->second.candidates;
      return &candidates[round_of.find(entry)->second % candidates.size()];
    };
    compile.on_kernel = [this](const KernelSchedule& kernel) {
      scheduled_[kernel.kernel] = kernel;
    };
    return compile_entries(program_, entries, device_.profile(), compile);
  }

  ProfiledRun run_round(DecoderRuntime& runtime, std::size_t round) const {
    runtime.stage(options_.entry, options_.context, 1);
    Executor& executor = runtime.executor();
    return executor.profile(executor.entry_index(round_name(round)), {}, {});
  }

  void measure(DecoderRuntime& runtime, std::size_t round) {
    const ProfiledRun run = run_round(runtime, round);
    std::map<std::pair<std::string, std::size_t>, std::vector<double>> calls;
    for (const CommandTime& time : run.commands) {
      if (time.kernel.empty())
        continue;
      const KernelSchedule& kernel = scheduled_.at(time.kernel);
      Measured& measured = kernels_.at(kernel.key);
      measured.label = place_of(time.label);
      const auto candidate = std::ranges::find(measured.candidates, kernel.schedule);
      calls[{kernel.key, static_cast<std::size_t>(candidate - measured.candidates.begin())}]
          .push_back(time.nanoseconds * 1e-9);
    }
    for (auto& [which, seconds] : calls) {
      Measured& measured = kernels_.at(which.first);
      measured.calls = static_cast<int>(seconds.size());
      measured.seconds[which.second].push_back(median(std::move(seconds)));
    }
  }

  TuneResult choose() const {
    TuneResult result{.table = {device_.profile().name, device_.profile().driver, {}}};
    for (const auto& [key, measured] : kernels_) {
      std::vector<double> medians;
      for (const std::vector<double>& seconds : measured.seconds)
        medians.push_back(median(seconds));
      const auto best =
          static_cast<std::size_t>(std::ranges::min_element(medians) - medians.begin());
      const bool gains = medians[best] < (1 - kSmallestGain) * medians[0];
      result.kernels += 1;
      result.candidates += medians.size();
      result.default_seconds += measured.calls * medians[0];
      result.tuned_seconds += measured.calls * (gains ? medians[best] : medians[0]);
      if (gains)
        result.table.kernels[key] = {measured.candidates[best], measured.label, medians[best] * 1e6,
                                     medians[0] * 1e6};
    }
    return result;
  }

  Device& device_;
  const ModelSource& model_;
  const TuneOptions& options_;
  DecoderProgram program_;
  std::map<std::string, Measured, std::less<>> kernels_;  // by key
  std::map<std::string, KernelSchedule> scheduled_;       // by the kernel's name in the program
  std::size_t rounds_ = 0;
};

}  // namespace

TuneResult tune_model(Device& device, const ModelSource& model, const TuneOptions& options) {
  if (options.replays < 1)
    throw InvalidArgument("tune", "expected at least one replay, got {}", options.replays);
  return Tuner(device, model, options).run();
}

}  // namespace ashlar
