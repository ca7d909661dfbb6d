// SPDX-License-Identifier: Apache-2.0
// How `generate` and `chat` are told to choose tokens.
#pragma once

#include "models/generate/sampling_options.h"

#include <CLI/CLI.hpp>

#include <optional>

namespace ashlar::cli {

class SamplingArguments {
public:
  // --temperature, --top-k, --top-p, --min-p, --repetition-penalty, --seed.
  void add_to(CLI::App& command);

  // Without --seed each call draws a new one. Throws InvalidArgument for values out of range.
  SamplingOptions options() const;

private:
  SamplingOptions options_;
  std::optional<std::uint64_t> seed_;
};

}  // namespace ashlar::cli
