// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/compile_graph.h"
#include "runtime/program/error.h"
#include "runtime/program/program_file.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/model_graph.h"

#include <map>
#include <memory>

namespace ashlar::cli {
namespace {

const std::map<std::string, Stage> kStages{{"arrays", Stage::arrays},
                                           {"kernels", Stage::kernels},
                                           {"plan", Stage::plan},
                                           {"kernel-ir", Stage::kernel_ir},
                                           {"spirv", Stage::spirv}};

struct Options {
  ModelGraphOptions graph;
  std::string emit, out;
};

void run(const Options& options) {
  if (options.emit.empty() == options.out.empty())
    throw InvalidArgument("cli", "compile: give either --emit or --out");
  CompileOptions compile = CompileOptions::from_environment();
  if (!options.emit.empty())
    compile.on_stage = [wanted = kStages.at(options.emit)](Stage stage, std::string_view text) {
      if (stage == wanted)
        fmt::print("{}\n", text);
    };
  ProgressLine progress;
  compile.on_progress = [&](std::size_t done, std::size_t total) {
    progress.show(fmt::format("compiling kernel {} of {}", done, total));
  };
  const auto source = open_model(options.graph.model);
  const DecoderProgram decoder = decoder_of(*source, load_options(options.graph));
  const Program program = compile_entries(decoder, decoder.generation_entries(),
                                          chosen_profile(options.graph.profile), compile);
  if (!options.out.empty())
    save_program(program, options.out);
}

}  // namespace

void add_compile(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("compile", "Compile a model's program ahead of time, or print its IR");
  auto options = std::make_shared<Options>();
  add_model_graph_options(*command, options->graph);
  command->add_option("--emit", options->emit, "Print the IR of one level")
      ->check(CLI::IsMember({"arrays", "kernels", "plan", "kernel-ir", "spirv"}));
  command->add_option("--out", options->out, "Program file to write");
  add_examples(*command, {"compile --model models/checkpoints/pebble-4m --emit plan",
                          "compile --model DIR --profile nvidia-h200 --out model.ashlar"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
