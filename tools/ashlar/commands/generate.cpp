// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/generation.h"

#include "models/compile/load_model.h"
#include "tools/ashlar/command.h"

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, dtype;
  bool ignore_eos = false;
  GenerationOptions generation;
};

void run(const Options& options) {
  auto progress = std::make_unique<ProgressLine>();
  LanguageModel model = load_model(
      options.model, {.dtype = parse_activation_dtype(options.dtype),
                      .ignore_eos = options.ignore_eos,
                      .progress = [&](std::string_view stage) { progress->show(stage); }});
  progress.reset();
  generate(model, options.generation);
}

}  // namespace

void add_generate(CLI::App& app) {
  CLI::App* command = app.add_subcommand("generate", "Continue a prompt");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder")->required();
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  command->add_flag("--ignore-eos", options->ignore_eos,
                    "Keep generating behind the model's stop tokens");
  add_generation_options(*command, options->generation);
  add_examples(*command,
               {"generate --model models/checkpoints/pebble-4m --prompt 'Once upon a time'",
                "generate --model DIR --ids 1,2,3 --max-tokens 8 --json"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
