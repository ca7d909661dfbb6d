// SPDX-License-Identifier: Apache-2.0
// Blocks, fused and unfused. As many copies as a model has layers, or fewer where their weights
// pass any cache, run one after the other behind barriers; times are of one copy.
#include "bench/bench.h"
#include "bench/blocks.h"
#include "models/compile/load_model.h"
#include "models/shapes/published_shapes.h"
#include "models/shapes/random_model.h"
#include "runtime/array/compile_graph.h"
#include "runtime/array/trace.h"
#include "runtime/vulkan/transfers.h"
#include "tools/measure/profile_report.h"
#include "tools/measure/statistics.h"
#include "tools/measure/wake.h"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>

namespace ashlar::bench {
namespace {

constexpr std::uint64_t kBeyondCaches = std::uint64_t{256} << 20;
constexpr double kRunSeconds = 0.02;  // of an iteration
constexpr int kIterations = 10;
constexpr std::int64_t kPromptTokens = 512, kDepth = 4096;

struct Case {
  Block block;
  std::string shape, weights;
  std::int64_t tokens, copies;
};

std::vector<NamedArray> build(const Case& c, const RandomModel& model) {
  const nn::Weights weights = weights_of(model);
  std::vector<NamedArray> outputs;
  for (std::int64_t copy = 0; copy < c.copies; ++copy)
    for (Array& output : c.block.build({.config = model.config(),
                                        .layer = weights / "model" / "layers" / copy,
                                        .copy = copy,
                                        .tokens = c.tokens,
                                        .depth = c.tokens == 1 ? kDepth : 0,
                                        .dtype = model.default_dtype()}))
      outputs.push_back({fmt::format("y{}", outputs.size()), std::move(output)});
  return outputs;
}

Program compile_case(const Case& c, const RandomModel& model, const DeviceProfile& profile,
                     bool fused) {
  CompileOptions options;
  options.debug.no_fusion = !fused;
  options.debug.full_barriers = true;
  options.kv_length = c.tokens == 1 ? kDepth + 1 : c.tokens;
  return compile_graph(trace_entries({{"run", [&] { return build(c, model); }}}), profile, options);
}

Cost cost_of(const Program& program) {
  Cost total;
  for (const Command& command : program.entries.front().commands)
    if (const auto* dispatch = std::get_if<Dispatch>(&command)) {
      total.bytes_read += dispatch->cost.bytes_read;
      total.bytes_written += dispatch->cost.bytes_written;
      total.flops += dispatch->cost.flops;
    }
  return total;
}

// A loaded program with zeroed inputs and room for its outputs.
class LoadedCase {
public:
  LoadedCase(Device& device, Program program, const RandomModel& model)
      : states_(device), executor_(device, std::move(program), states_) {
    executor_.load_weights(
        [&](const WeightSpec& weight, std::uint64_t offset, std::span<std::byte> chunk) {
          model.read_weight(weight, offset, chunk);
        });
    const Entry& entry = executor_.program().entries.front();
    make(device, entry.inputs, input_buffers_, inputs_);
    make(device, entry.outputs, output_buffers_, outputs_);
    executor_.run_and_wait(0, inputs_, outputs_);
  }

  double seconds(std::uint32_t repeat) {
    return seconds_of([&] { executor_.run_and_wait(0, inputs_, outputs_, repeat); }) / repeat;
  }

private:
  static void make(Device& device, const std::vector<ValueSpec>& specs,
                   std::vector<Buffer>& buffers, std::vector<BufferView>& views) {
    buffers.reserve(specs.size());
    for (const ValueSpec& spec : specs) {
      const std::vector<std::byte> zeros(byte_count(spec.dtype, spec.shape));
      buffers.emplace_back(device, zeros.size(), Residency::arena, spec.name);
      device.transfers().write(buffers.back(), 0, zeros);
      views.push_back({&buffers.back()});
    }
  }

  StateStore states_;
  Executor executor_;
  std::vector<Buffer> input_buffers_, output_buffers_;
  std::vector<BufferView> inputs_, outputs_;
};

void run_case(benchmark::State& state, Device& device, const DeviceLimits& limits, const Case& c,
              bool fused) {
  const RandomModel model = random_model(c.shape, c.weights);
  // What must be moved and computed is what the fused form does.
  const Cost least = cost_of(compile_case(c, model, device.profile(), true));
  Program program = compile_case(c, model, device.profile(), fused);
  const Cost cost = cost_of(program);
  LoadedCase loaded(device, std::move(program), model);
  double once = 0;
  wake(device, [&] { once = loaded.seconds(1); });
  const auto repeat =
      static_cast<std::uint32_t>(std::clamp(kRunSeconds / std::max(once, 1e-6), 1.0, 256.0));
  for (auto _ : state)
    state.SetIterationTime(loaded.seconds(repeat) / static_cast<double>(c.copies));

  const auto rate = [&](double amount) {
    return benchmark::Counter(amount / static_cast<double>(c.copies),
                              benchmark::Counter::kIsIterationInvariantRate);
  };
  state.counters["bytes_per_second"] =
      rate(static_cast<double>(cost.bytes_read + cost.bytes_written));
  state.counters["flops_per_second"] = rate(static_cast<double>(cost.flops));
  state.counters["fraction_of_limit"] = rate(lower_bound(least, limits).seconds);
}

// As many copies as pass any cache, if the model has that many layers.
std::int64_t copies_for(const Block& block, const ModelConfig& config, bool is_cpu) {
  if (!block.has_weights || is_cpu)
    return 1;
  // The smallest matrices, at four bits: o_proj.
  const std::int64_t bytes =
      config.hidden_size * config.attention_heads * config.layers.front().head_dim / 2;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(kBeyondCaches) / bytes, 1,
                                  static_cast<std::int64_t>(config.layers.size()));
}

void register_case(Device& device, const DeviceLimits& limits, const std::string& group, Case c) {
  for (bool fused : {true, false})
    benchmark::RegisterBenchmark(fmt::format("block/{}/{}/tokens:{}/{}", group, c.block.name,
                                             c.tokens, fused ? "fused" : "unfused")
                                     .c_str(),
                                 [&device, &limits, c, fused](benchmark::State& state) {
                                   try {
                                     run_case(state, device, limits, c, fused);
                                   } catch (const std::exception& error) {
                                     state.SkipWithError(error.what());
                                   }
                                 })
        ->UseManualTime()
        ->Iterations(kIterations)
        ->Unit(benchmark::kMicrosecond);
}

}  // namespace

void register_blocks(Device& device, const DeviceLimits& limits, const Options& options) {
  const bool is_cpu = device.profile().is_cpu;
  for (const std::string& shape : options.shapes) {
    const ModelConfig config = published_shape(shape);
    for (std::int64_t tokens : {std::int64_t{1}, is_cpu ? 16 : kPromptTokens})
      for (const Block& block : layer_blocks())
        register_case(device, limits, shape,
                      {block, shape, options.weights, tokens, copies_for(block, config, is_cpu)});
  }
  for (const Block& block : array_blocks())
    register_case(device, limits, "arrays", {block, options.shapes.front(), options.weights, 1, 1});
}

}  // namespace ashlar::bench
