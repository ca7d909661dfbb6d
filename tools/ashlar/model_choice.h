// SPDX-License-Identifier: Apache-2.0
// Which model a command works on: a folder, or a published shape with random weights.
#pragma once

#include "models/generate/model_source.h"

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

namespace ashlar::cli {

struct ModelChoice {
  std::string model, shape;
  std::string weights = "bf16";
  bool random = false;

  // For messages and reports: the folder, or shape and weights.
  std::string name() const { return shape.empty() ? model : shape + " " + weights; }
};

// --model, or --shape with --weights and --random.
void add_model_choice(CLI::App& command, ModelChoice& choice);

// Throws what opening the folder throws, and InvalidArgument for unknown shapes and weight types.
std::unique_ptr<const ModelSource> open_model(const ModelChoice& choice);

}  // namespace ashlar::cli
