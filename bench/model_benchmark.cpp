// SPDX-License-Identifier: Apache-2.0
// Whole models with random weights: tokens per second of decode at a depth and of prefill.
#include "bench/bench.h"
#include "models/compile/load_model.h"
#include "models/shapes/random_model.h"
#include "tools/measure/statistics.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace ashlar::bench {
namespace {

constexpr double kSubmitSeconds = 0.05;

// One model at a time is loaded; benchmarks of one shape follow each other.
LanguageModel& loaded_model(const std::string& shape, const std::string& weights) {
  static std::string present;
  static std::unique_ptr<LanguageModel> model;
  if (present != shape || !model) {
    model.reset();
    model = std::make_unique<LanguageModel>(
        load_model(std::make_unique<const RandomModel>(random_model(shape, weights)),
                   {.prefill_sizes = {512}, .ignore_eos = true}));
    present = shape;
  }
  return *model;
}

void run_decode(benchmark::State& state, const std::string& shape, const std::string& weights,
                std::int64_t depth) {
  DecoderRuntime& runtime = loaded_model(shape, weights).runtime();
  const std::uint32_t entry = runtime.executor().entry_index("decode");
  const auto seconds = [&](std::uint32_t steps) {
    runtime.stage("decode", depth, steps);
    return seconds_of([&] { runtime.executor().run_and_wait(entry, {}, {}, steps); }) / steps;
  };
  seconds(1);
  const auto steps = static_cast<std::uint32_t>(
      std::clamp(kSubmitSeconds / seconds(1), 1.0, static_cast<double>(runtime.max_steps())));
  for (auto _ : state)
    state.SetIterationTime(seconds(steps));
  state.counters["tokens_per_second"] =
      benchmark::Counter(1, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["steps_per_submit"] = steps;
}

void run_prefill(benchmark::State& state, const std::string& shape, const std::string& weights,
                 std::int64_t tokens) {
  DecoderRuntime& runtime = loaded_model(shape, weights).runtime();
  const std::vector<std::vector<std::int32_t>> prompt(
      1, std::vector<std::int32_t>(static_cast<std::size_t>(tokens), 1));
  const auto seconds = [&] {
    runtime.rewind(std::vector<std::int64_t>{0});
    return seconds_of([&] { runtime.prefill(prompt); });
  };
  seconds();
  for (auto _ : state)
    state.SetIterationTime(seconds());
  state.counters["tokens_per_second"] = benchmark::Counter(
      static_cast<double>(tokens), benchmark::Counter::kIsIterationInvariantRate);
}

template <typename Run> void register_model(const std::string& name, Run run) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [run](benchmark::State& state) {
                                 try {
                                   run(state);
                                 } catch (const std::exception& error) {
                                   state.SkipWithError(error.what());
                                 }
                               })
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}

}  // namespace

void register_models(const Options& options) {
  const std::string weights = options.weights;
  for (const std::string& shape : options.shapes) {
    for (std::int64_t depth : options.depths)
      register_model(fmt::format("decode/{}/depth:{}", shape, depth),
                     [=](benchmark::State& state) { run_decode(state, shape, weights, depth); });
    for (std::int64_t tokens : options.prompts)
      register_model(fmt::format("prefill/{}/tokens:{}", shape, tokens),
                     [=](benchmark::State& state) { run_prefill(state, shape, weights, tokens); });
  }
}

}  // namespace ashlar::bench
