// SPDX-License-Identifier: Apache-2.0
// Generation from the command line: the options and the output of `ashlar generate` and
// `ashlar-run`, whatever the program came from.
#pragma once

#include "models/generate/generator.h"

#include <CLI/CLI.hpp>

#include <string>

namespace ashlar::cli {

struct GenerationOptions {
  std::string prompt, ids;
  GenerateOptions generate;
  bool chat = false, print_ids = false, json = false, stats = false;
};

void add_generation_options(CLI::App& command, GenerationOptions& options);

// Continues the prompt: text streams to standard output, or what the options ask for instead is
// printed at the end. Throws what encoding and Generator::run throw.
void generate(LanguageModel& model, const GenerationOptions& options);

}  // namespace ashlar::cli
