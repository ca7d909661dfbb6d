// SPDX-License-Identifier: Apache-2.0
#include "tools/cli/sampling_arguments.h"

#include <random>

namespace ashlar::cli {

void SamplingArguments::add_to(CLI::App& command) {
  const auto add = [&](const char* name, auto& value, const char* help) {
    command.add_option(name, value, help)->capture_default_str()->group("Sampling");
  };
  add("--temperature", options_.temperature,
      "Above 0: draw tokens, the flatter the higher; 0: always the most likely one");
  add("--top-k", options_.top_k, "Draw from the k most likely tokens only; 0: from all");
  add("--top-p", options_.top_p, "Draw from the fewest tokens that make up this probability");
  add("--min-p", options_.min_p,
      "Draw from tokens at least this likely, relative to the most likely one");
  add("--repetition-penalty", options_.repetition_penalty,
      "Above 1: tokens of the prompt and the text become less likely, at every temperature");
  command.add_option("--seed", seed_, "Equal seeds draw equal tokens; default a new one each time")
      ->group("Sampling");
}

SamplingOptions SamplingArguments::options() const {
  check_sampling(options_);
  SamplingOptions options = options_;
  options.seed = seed_ ? *seed_ : std::random_device()();
  return options;
}

}  // namespace ashlar::cli
