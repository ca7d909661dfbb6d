// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/generation.h"

#include "models/compile/load_model.h"
#include "tools/ashlar/command.h"
#include "tools/ashlar/model_choice.h"

#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  ModelChoice model;
  std::string dtype;
  bool ignore_eos = false;
  GenerationOptions generation;
};

void run(const Options& options) {
  const SamplingOptions sampling = options.generation.sampling.options();
  GenerationOptions generation = options.generation;
  if (!options.model.shape.empty() && generation.prompt.empty() && generation.ids.empty())
    generation.ids = "0";  // to random weights, any prompt is as good
  auto progress = std::make_unique<ProgressLine>();
  LanguageModel model =
      load_model(open_model(options.model),
                 {.dtype = parse_activation_dtype(options.dtype),
                  .sampling = sampling.needs_sampler(),
                  .ignore_eos = options.ignore_eos,
                  .progress = [&](std::string_view stage) { progress->show(stage); }});
  progress.reset();
  generate(model, generation, sampling);
}

}  // namespace

void add_generate(CLI::App& app) {
  CLI::App* command = app.add_subcommand("generate", "Continue a prompt");
  auto options = std::make_shared<Options>();
  add_model_choice(*command, options->model);
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  command->add_flag("--ignore-eos", options->ignore_eos,
                    "Keep generating behind the model's stop tokens");
  add_generation_options(*command, options->generation);
  add_examples(*command,
               {"generate --model models/checkpoints/pebble-4m --prompt 'Once upon a time'",
                "generate --model DIR --prompt 'The fox' --temperature 0.8 --top-p 0.95 --seed 7",
                "generate --model DIR --ids 1,2,3 --max-tokens 8 --json",
                "generate --shape llama-3.2-1b --random --max-tokens 256 --stats"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
