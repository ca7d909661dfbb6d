// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/atomic_file.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/graph/draw_layer.h"
#include "tools/ashlar/model_graph.h"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  ModelGraphOptions graph;
  std::string entry = "decode", out;
  std::int64_t layer = 0, context = 0;
};

void run(const Options& options) {
  const DeviceProfile profile = chosen_profile(options.graph.profile);
  const LayerGraph layer = layer_graph(trace_model(options.graph), options.entry, options.layer,
                                       profile, options.context);
  const std::string name = std::filesystem::path(options.graph.model.name()).filename().string();
  const std::string svg =
      draw_layer(layer, fmt::format("{}: layer {} of {}, for {}", name, options.layer,
                                    options.entry, profile.name));
  AtomicFile file(options.out, "graph");
  file.write(std::as_bytes(std::span(svg)));
  file.commit();
}

}  // namespace

void add_graph(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("graph", "Draw a layer before and after fusion, as an SVG file");
  auto options = std::make_shared<Options>();
  add_model_graph_options(*command, options->graph);
  command->add_option("--layer", options->layer, "Which layer, from 0")->capture_default_str();
  command->add_option("--entry", options->entry, "decode, or prefill_64 for example")
      ->capture_default_str();
  command
      ->add_option("--context", options->context,
                   "Tokens in the caches, for byte counts; 0: the first capacity")
      ->capture_default_str();
  command->add_option("--out", options->out, "SVG file to write")->required();
  add_examples(*command, {"graph --model models/checkpoints/pebble-4m --layer 1 --out layer.svg"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
