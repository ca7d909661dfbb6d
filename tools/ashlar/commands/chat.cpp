// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/compile/load_model.h"
#include "models/generate/session.h"

#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>

namespace ashlar::cli {
namespace {

struct Options {
  std::string model, dtype, system;
  GenerateOptions generate{.max_tokens = 512};
};

// Ctrl-C ends the reply that is being generated; between replies it ends the program as usual.
class InterruptScope {
public:
  InterruptScope() {
    interrupted = 0;
    previous_ = std::signal(SIGINT, [](int) { interrupted = 1; });
  }
  ~InterruptScope() { std::signal(SIGINT, previous_); }

  static bool was_interrupted() { return interrupted != 0; }

private:
  static inline volatile std::sig_atomic_t interrupted = 0;
  void (*previous_)(int);
};

void reply(Session& session, const GenerateOptions& options) {
  const InterruptScope scope;
  std::stop_source stop;
  const auto on_text = [&](std::int64_t, std::string_view text) {
    fmt::print("{}", text);
    std::fflush(stdout);
    if (InterruptScope::was_interrupted())
      stop.request_stop();
  };
  const Generation generation = session.reply(options, on_text, stop.get_token());
  if (generation.reason != StopReason::eos)
    fmt::print(" [{}]", name_of(generation.reason));
  fmt::print("\n");
}

void run(const Options& options) {
  auto progress = std::make_unique<ProgressLine>();
  LanguageModel model = load_model(
      options.model, {.dtype = parse_activation_dtype(options.dtype),
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
    reply(session, options.generate);
  }
  fmt::print("\n");
}

}  // namespace

void add_chat(CLI::App& app) {
  CLI::App* command = app.add_subcommand("chat", "Talk to a chat model");
  auto options = std::make_shared<Options>();
  command->add_option("--model", options->model, "Model folder")->required();
  command->add_option("--system", options->system, "System message");
  command->add_option("--max-tokens", options->generate.max_tokens, "Most tokens of a reply")
      ->capture_default_str();
  command->add_option("--stop", options->generate.stop_strings,
                      "End before this text; may be repeated");
  command->add_option("--dtype", options->dtype,
                      "Activations and caches: f32, bf16 or f16; default the checkpoint's");
  add_examples(*command,
               {"chat --model models/checkpoints/pebble-4m",
                "chat --model models/checkpoints/pebble-4m --system 'Think before you answer.'"});
  command->callback([options] { run(*options); });
}

}  // namespace ashlar::cli
