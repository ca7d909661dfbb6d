// SPDX-License-Identifier: Apache-2.0
// Random graphs on the device against the reference evaluator, see docs/testing.md.
#include "tests/differential/fuzz/fuzz_check.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <set>

namespace ashlar::testing {
namespace {

struct FuzzOptions {
  int graphs = 1000;
  std::uint32_t seed = 1;
  int operations = 6;  // of a graph
  int merged = 10;     // graphs of one program
  int planned = 3;     // programs without the device for each two on it
};

FuzzMode mode_of(const FuzzOptions& options, std::uint32_t seed) {
  const auto period = static_cast<std::uint32_t>(options.planned + 2);
  switch (seed % period) {
  case 0:
    return kDeviceModes[seed / period % std::size(kDeviceModes)];
  case 1:
    return FuzzMode::single;
  default:
    return FuzzMode::planned;
  }
}

// Of a program. One graph whose sizes decide more than extents would take the rest along.
int graphs_of(const FuzzOptions& options, std::uint32_t seed) {
  return mode_of(options, seed) == FuzzMode::sized ? 1 : options.merged;
}

FuzzGraph program_of(const FuzzOptions& options, std::uint32_t seed) {
  const bool elementwise = mode_of(options, seed) == FuzzMode::single;
  // More of an elementwise graph costs no more kernels.
  const int operations = options.operations * (elementwise ? 3 : 1);
  std::vector<FuzzGraph> graphs;
  for (int i = 0; i < graphs_of(options, seed); ++i)
    graphs.push_back(make_fuzz_graph(seed * 4096 + static_cast<std::uint32_t>(i), operations,
                                     elementwise ? FuzzOps::elementwise : FuzzOps::all));
  return merge(graphs);
}

// Errors start with their unit, differences with where they are.
bool alike(const std::string& a, const std::optional<std::string>& b) {
  return b && a.substr(0, a.find(' ')) == b->substr(0, b->find(' '));
}

void report(const FuzzOptions& options, std::uint32_t seed, const FuzzGraph& graph,
            const std::string& mismatch) {
  const FuzzMode mode = mode_of(options, seed);
  fmt::print("seed {} ({}): {}\n", seed, name_of(mode), mismatch);
  std::fflush(stdout);  // reducing takes its time
  const FuzzGraph reduced = reduce(graph, [&](const FuzzGraph& candidate) {
    return alike(mismatch, find_mismatch(candidate, mode));
  });
  fmt::print("reduced to {} operations: {}\n{}", reduced.operation_count(),
             find_mismatch(reduced, mode).value_or("it does not fail every time"), reduced.text());
  fmt::print("again: graph_fuzz --seed {} --graphs {} --operations {} --merged {} --planned {}\n",
             seed, options.merged, options.operations, options.merged, options.planned);
}

void note_kinds(const FuzzGraph& graph, std::set<OpKind>& seen) {
  for (const Node* node : topological_order(graph.roots()))
    seen.insert(node->kind());
}

// These have tests of their own: the maker has no kernels to run, and no scales of other layouts.
bool is_made(OpKind kind) {
  return kind != OpKind::custom_kernel && kind != OpKind::dequantize_mxfp4 &&
         kind != OpKind::dequantize_k && kind != OpKind::dequantize_float;
}

// Names of computed operations that no graph had.
std::string missing_from(const std::set<OpKind>& seen) {
  std::string missing;
  for (const OpInfo& info : all_ops())
    if (info.infer && is_made(info.kind) && !seen.contains(info.kind))
      missing += fmt::format(" {}", info.name);
  return missing;
}

int run(const FuzzOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  std::set<OpKind> seen;
  int graphs = 0;
  std::uint32_t seed = options.seed;
  for (; graphs < options.graphs; ++seed) {
    const FuzzGraph graph = program_of(options, seed);
    note_kinds(graph, seen);
    if (auto mismatch = find_mismatch(graph, mode_of(options, seed))) {
      report(options, seed, graph, *mismatch);
      return 1;
    }
    graphs += graphs_of(options, seed);
  }
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  fmt::print("{} graphs agree: seeds {} to {}, {} graphs of {} operations in each program, two "
             "programs of {} on the device, {:.1f} s\n",
             graphs, options.seed, seed - 1, options.merged, options.operations,
             options.planned + 2, seconds.count());
  const std::string missing = missing_from(seen);
  if (options.graphs >= 1000 && !missing.empty()) {
    fmt::print("no graph had:{}\n", missing);
    return 1;
  }
  return 0;
}

}  // namespace
}  // namespace ashlar::testing

int main(int argc, char** argv) {
  ashlar::testing::FuzzOptions options;
  CLI::App app("Random graphs on the device against the reference evaluator");
  app.add_option("--graphs", options.graphs, "How many")->check(CLI::PositiveNumber);
  app.add_option("--seed", options.seed, "Of the first program");
  app.add_option("--operations", options.operations, "Of each graph")->check(CLI::Range(1, 200));
  app.add_option("--merged", options.merged, "Graphs of a program")->check(CLI::Range(1, 1000));
  app.add_option("--planned", options.planned,
                 "Programs whose plans run on host memory, for each two that run on the device")
      ->check(CLI::Range(0, 1000));
  CLI11_PARSE(app, argc, argv);
  return ashlar::testing::run(options);
}
