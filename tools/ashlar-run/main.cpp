// SPDX-License-Identifier: Apache-2.0
// Runs a program saved by `ashlar compile --out`, with the weights of its model folder. Has no
// compiler inside.
#include "runtime/program/program_file.h"
#include "tools/cli/command.h"
#include "tools/cli/generation.h"

#include <memory>

using namespace ashlar;

namespace {

struct Options {
  std::string program, model;
  cli::GenerationOptions generation;
};

void run(const Options& options) {
  auto progress = std::make_unique<cli::ProgressLine>();
  LanguageModel model(options.model, load_program(options.program), nullptr,
                      [&](std::string_view stage) { progress->show(stage); });
  progress.reset();
  cli::generate(model, options.generation, options.generation.sampling.options());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Run a compiled model", "ashlar-run"};
  Options options;
  app.add_option("--program", options.program, "File written by `ashlar compile --out`")
      ->required();
  app.add_option("--model", options.model, "The model folder that was compiled")->required();
  cli::add_generation_options(app, options.generation);
  app.footer(std::string("Example:\n  ashlar-run --program model.ashlar --model DIR --prompt "
                         "'Once upon a time'\n\n") +
             cli::kExitCodes);
  app.callback([&] { run(options); });
  return cli::run_app(app, argc, argv);
}
