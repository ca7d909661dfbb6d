// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/probe.h"
#include "tools/ashlar/command.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::uint64_t array_mib = 0;
  int runs = ProbeOptions{}.runs;
  bool json = false;
};

void run(const Options& options) {
  Device device;
  const DeviceLimits limits =
      probe_device(device, {.array_bytes = options.array_mib << 20, .runs = options.runs});
  if (options.json)
    fmt::print("{}\n", to_json(limits).dump(2));
  else
    fmt::print("{}", to_text(limits));
}

}  // namespace

void add_probe(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "probe", "Measure the device: bandwidth, arithmetic, dispatch and submit cost");
  auto options = std::make_shared<Options>();
  command
      ->add_option("--array-mib", options->array_mib,
                   "MiB of the arrays that are read and copied; 0: 64 on a CPU driver, else 1024")
      ->check(CLI::Range(0, 1 << 16));
  command->add_option("--runs", options->runs, "Medians of that many runs")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  add_examples(*command, {"probe", "probe --json"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
