// SPDX-License-Identifier: Apache-2.0
// ashlar-bench: Google Benchmark's options (--benchmark_filter=REGEX, --benchmark_out=FILE, ...),
// and ours below. Compare two files with bench/compare.py, draw one with bench/plot.py.
#include "bench/bench.h"
#include "models/shapes/published_shapes.h"
#include "tools/measure/probe.h"

#include <CLI/CLI.hpp>
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <fmt/ranges.h>

#include <cstdio>

using namespace ashlar;

namespace {

void add_context(const DeviceLimits& limits) {
  const auto number = [](double value) { return fmt::format("{:.6g}", value); };
  benchmark::AddCustomContext("device", limits.device);
  benchmark::AddCustomContext("driver", limits.driver);
  benchmark::AddCustomContext("read_bytes_per_second", number(limits.read_bandwidth));
  benchmark::AddCustomContext("copy_bytes_per_second", number(limits.copy_bandwidth));
  for (const ArithmeticPeak& peak : limits.peaks)
    benchmark::AddCustomContext(peak.name, number(peak.per_second));
  benchmark::AddCustomContext("dependent_dispatch_seconds", number(limits.dependent_dispatch));
}

int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  CLI::App app("Blocks and whole models at real shapes, with random weights");
  bench::Options options;
  std::uint64_t array_mib = 0;
  app.add_option("--shapes", options.shapes,
                 fmt::format("Comma-separated, of {}; default llama-134m on a CPU driver, else "
                             "llama-3.2-1b",
                             fmt::join(published_shape_names(), ", ")))
      ->delimiter(',');
  app.add_option("--weights", options.weights, "bf16, f16, f32, q4 or q8")->capture_default_str();
  app.add_option("--depths", options.depths, "Of decode; default 0,4096,32768")->delimiter(',');
  app.add_option("--prompts", options.prompts, "Lengths of prefill; default 512,2048,8192")
      ->delimiter(',');
  app.add_option("--array-mib", array_mib, "Size of the probe's arrays, as in `ashlar probe`");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }

  Device device;
  const bool is_cpu = device.profile().is_cpu;
  if (options.shapes.empty())
    options.shapes = {is_cpu ? "llama-134m" : "llama-3.2-1b"};
  if (options.depths.empty())
    options.depths =
        is_cpu ? std::vector<std::int64_t>{0} : std::vector<std::int64_t>{0, 4096, 32768};
  if (options.prompts.empty() && !is_cpu)
    options.prompts = {512, 2048, 8192};
  const DeviceLimits limits = probe_device(device, {.array_bytes = array_mib << 20});
  add_context(limits);
  bench::register_blocks(device, limits, options);
  bench::register_models(options);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ashlar-bench: {}\n", error.what());
    return 1;
  }
}
