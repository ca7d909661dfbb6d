// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/generation.h"

#include "models/formats/template/chat_template.h"
#include "runtime/program/error.h"
#include "tools/cli/command.h"
#include "tools/cli/interrupt.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace ashlar::cli {
namespace {

// The prompt as the user's first message.
std::vector<std::int32_t> chat_ids(const GenerationOptions& options, const LanguageModel& model) {
  const auto source = model.source().chat_template(false);
  if (!source)
    throw InvalidArgument("cli", "--chat: {} has no chat template", model.source().name());
  TemplateInput input;
  input.messages.push_back({{"role", "user"}, {"content", options.prompt}});
  input.special_tokens = model.source().special_tokens();
  return model.tokenizer().encode(ChatTemplate::parse(*source).render(input), false);
}

std::vector<std::int32_t> prompt_ids(const GenerationOptions& options, const LanguageModel& model) {
  if (options.prompt.empty() == options.ids.empty())
    throw InvalidArgument("cli", "generate: give either --prompt or --ids");
  if (!options.ids.empty())
    return parse_ids(options.ids);
  return options.chat ? chat_ids(options, model) : model.tokenizer().encode(options.prompt, true);
}

double tokens_per_second(const Generation& generation, const GenerationTimes& times) {
  return times.decode_seconds > 0
             ? static_cast<double>(generation.ids.size()) / times.decode_seconds
             : 0;
}

void print_json(const Generation& generation, const SamplingOptions& sampling,
                const GenerationTimes& times) {
  nlohmann::json object{{"ids", generation.ids},
                        {"text", generation.text},
                        {"stop_reason", name_of(generation.reason)},
                        {"prompt_tokens", generation.prompt_tokens},
                        {"generated_tokens", generation.ids.size()},
                        {"tokens_per_second", tokens_per_second(generation, times)}};
  if (sampling.temperature > 0)
    object["seed"] = sampling.seed;  // to draw the same again
  fmt::print("{}\n", object.dump());
}

// Per token: of the batch's decode steps, since each of them is one token of a row.
void print_stats(const Generation& generation, const GenerationTimes& times, LanguageModel& model) {
  const auto steps = static_cast<double>(std::max<std::int64_t>(times.decode_steps, 1));
  fmt::print("\n{} tokens, {:.1f} tokens/s, {:.3f} submits/token, {:.1f} dispatches/token, on {}\n",
             generation.ids.size(), tokens_per_second(generation, times),
             static_cast<double>(times.decode_submits) / steps,
             static_cast<double>(times.decode_dispatches) / steps, model.device().profile().name);
}

}  // namespace

void add_generation_options(CLI::App& command, GenerationOptions& options) {
  command.add_option("--prompt", options.prompt, "Text to continue, encoded with special tokens");
  command.add_flag("--chat", options.chat, "Pass the prompt through the model's chat template");
  command.add_option("--ids", options.ids, "Token ids to continue, such as 1,2,3");
  command.add_option("--max-tokens", options.generate.max_tokens, "Most tokens to generate")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  options.sampling.add_to(command);
  command.add_option("--stop", options.generate.stop_strings,
                     "End before this text; may be repeated");
  command
      .add_option("--steps-per-submit", options.generate.steps_per_submit,
                  "Decode steps in one submit; 0 chooses by the measured token time")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_flag("--print-ids", options.print_ids, "Print the generated ids instead of text");
  command.add_flag("--stats", options.stats, "Print speed and counts at the end");
  command.add_flag("--json", options.json, "Print one JSON object at the end");
}

void generate(LanguageModel& model, const GenerationOptions& options,
              const SamplingOptions& sampling) {
  GenerateOptions generate = options.generate;
  generate.sampling = {sampling};
  Generator generator(model);
  const bool stream = !options.json && !options.print_ids;
  const auto on_text = [&](std::int64_t, std::string_view text) {
    if (stream) {
      fmt::print("{}", text);
      std::fflush(stdout);
    }
  };
  const InterruptScope interrupt;
  const Generation generation =
      generator.run({prompt_ids(options, model)}, generate, on_text, interrupt.token()).front();
  if (stream)
    fmt::print("\n");
  if (options.print_ids)
    fmt::print("{}\n", fmt::join(generation.ids, ","));
  if (options.stats)
    print_stats(generation, generator.times(), model);
  if (options.json)
    print_json(generation, sampling, generator.times());
  if (generation.reason == StopReason::cancelled)
    throw Cancelled("generate", "interrupted after {} tokens", generation.ids.size());
}

}  // namespace ashlar::cli
