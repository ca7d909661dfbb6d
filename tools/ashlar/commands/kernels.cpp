// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/model_graph.h"

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::vector<std::string> models, profiles;
  std::string dtype;
};

void run(const Options& options) {
  const std::vector<std::string> profiles =
      options.profiles.empty() ? profile_fixture_names() : options.profiles;
  for (const std::string& model : options.models)
    for (const std::string& profile : profiles) {
      const Graph graph =
          trace_model({.model = {.model = model}, .dtype = options.dtype, .profile = profile});
      const Program program = compile_graph(graph, chosen_profile(profile));
      const std::vector<std::uint64_t> hashes = kernel_hashes(program);
      for (std::size_t i = 0; i < hashes.size(); ++i)
        fmt::print("{:016x} {} {} {}\n", hashes[i], profile, model, program.kernels[i].name);
    }
}

}  // namespace

void add_kernels(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "kernels", "Print a hash of every kernel, to show that a refactoring changes none");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->models, "Model folders")->required();
  command->add_option("--profile", options->profiles, "Device profiles; default all fixtures");
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  add_examples(*command, {"kernels --model tests/data/goldens/families/* > before.txt"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
