// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/compile/logits.h"
#include "models/compile/perplexity.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "models/generate/open_model.h"
#include "runtime/program/error.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, file, text, dtype;
  std::int64_t context = 512;
  bool json = false;
};

void run(const Options& options) {
  if (options.file.empty() == options.text.empty())
    throw InvalidArgument("cli", "perplexity: give either --file or --text");
  const std::string text = options.file.empty() ? options.text : read_text_file(options.file);
  const auto tokenizer = open_model(options.model)->find_tokenizer();
  if (!tokenizer)
    throw InvalidArgument("cli", "perplexity: '{}' has no tokenizer", options.model);
  const auto ids = tokenizer->encode(text, true);
  ProgressLine progress;
  const TextLoss loss =
      text_loss(options.model, ids, options.context,
                {.dtype = parse_activation_dtype(options.dtype),
                 .progress = [&](std::string_view stage) { progress.show(stage); }});
  const double perplexity = std::exp(loss.mean);
  if (options.json)
    fmt::print(
        "{}\n",
        nlohmann::json{{"tokens", loss.tokens}, {"loss", loss.mean}, {"perplexity", perplexity}}
            .dump());
  else
    fmt::print("{} tokens, loss {:.4f} per token, perplexity {:.3f}\n", loss.tokens, loss.mean,
               perplexity);
}

}  // namespace

void add_perplexity(CLI::App& app) {
  CLI::App* command = app.add_subcommand("perplexity", "How well a model predicts a text");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder or GGUF file")->required();
  command->add_option("--file", options->file, "Text file");
  command->add_option("--text", options->text, "Text");
  command->add_option("--context", options->context, "Tokens per window")->capture_default_str();
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  command->add_flag("--json", options->json, "Print JSON: tokens, loss, perplexity");
  add_examples(*command, {"perplexity --model models/checkpoints/pebble-4m --file story.txt"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
