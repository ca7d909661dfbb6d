// SPDX-License-Identifier: Apache-2.0
// Generation from the command line: the options and the output of `ashlar generate` and
// `ashlar-run`, whatever the program came from.
#pragma once

#include "models/generate/generator.h"
#include "tools/cli/sampling_arguments.h"

#include <CLI/CLI.hpp>

#include <string>

namespace ashlar::cli {

struct GenerationOptions {
  std::string prompt, ids;
  GenerateOptions generate;  // but for its sampling
  SamplingArguments sampling;
  bool chat = false, print_ids = false, json = false, stats = false;
};

void add_generation_options(CLI::App& command, GenerationOptions& options);

// Continues the prompt: text streams to standard output, or what the options ask for instead is
// printed at the end. Ctrl-C ends it: what there is is printed, then Cancelled is thrown. Throws
// what encoding and Generator::run throw. `sampling` is what options.sampling gave.
void generate(LanguageModel& model, const GenerationOptions& options,
              const SamplingOptions& sampling);

}  // namespace ashlar::cli
