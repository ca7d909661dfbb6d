// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"
#include "tools/cli/interrupt.h"
#include "tools/cli/sampling_arguments.h"

#include "models/compile/load_model.h"
#include "models/generate/session.h"
#include "runtime/program/error.h"

#include <cstdio>
#include <iostream>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, dtype, system;
  GenerateOptions generate{.max_tokens = 512};
  SamplingArguments sampling;
};

// Ctrl-C ends the reply that is being generated; between replies it ends the program as usual.
void reply(Session& session, const GenerateOptions& options) {
  const InterruptScope interrupt;
  const auto on_text = [](std::int64_t, std::string_view text) {
    fmt::print("{}", text);
    std::fflush(stdout);
  };
  const Generation generation = session.reply(options, on_text, interrupt.token());
  if (generation.reason != StopReason::eos)
    fmt::print(" [{}]", name_of(generation.reason));
  fmt::print("\n");
}

void run(const Options& options) {
  GenerateOptions generate = options.generate;
  const SamplingOptions sampling = options.sampling.options();
  generate.sampling = {sampling};
  auto progress = std::make_unique<ProgressLine>();
  LanguageModel model = load_model(
      options.model, {.dtype = parse_activation_dtype(options.dtype),
                      .sampling = sampling.needs_sampler(),
                      .progress = [&](std::string_view stage) { progress->show(stage); }});
  progress.reset();
  Session session(model);
  if (!options.system.empty())
    session.add_message("system", options.system);
  fmt::print("Type a message and press Enter. Ctrl-C stops a reply, Ctrl-D ends the chat.\n");
  for (std::string line; fmt::print("> "), std::fflush(stdout), std::getline(std::cin, line);) {
    if (line.empty())
      continue;
    session.add_message("user", line);
    try {
      reply(session, generate);
    } catch (const InvalidArgument& error) {  // too long for what is left of the context, say
      fmt::print(stderr,
                 "ashlar: {}\nThe message was dropped; the conversation goes on without it.\n",
                 error.what());
      session.remove_message();
    }
  }
  fmt::print("\n");
}

}  // namespace

void add_chat(CLI::App& app) {
  CLI::App* command = app.add_subcommand("chat", "Talk to a chat model");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder or GGUF file")->required();
  command->add_option("--system", options->system, "System message");
  command->add_option("--max-tokens", options->generate.max_tokens, "Most tokens of a reply")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  options->sampling.add_to(*command);
  command->add_option("--stop", options->generate.stop_strings,
                      "End before this text; may be repeated");
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  add_examples(*command,
               {"chat --model models/checkpoints/pebble-4m --temperature 0.8 --min-p 0.05",
                "chat --model models/checkpoints/pebble-4m --system 'Think before you answer.'"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
