// SPDX-License-Identifier: Apache-2.0
#include "models/generate/sampling_options.h"

#include "runtime/program/error.h"

#include <cmath>
#include <string_view>

namespace ashlar {
namespace {

void require(bool holds, std::string_view name, std::string_view expected, double value) {
  if (!holds)
    throw InvalidArgument("sampling", "{}: expected {}, got {}", name, expected, value);
}

bool is_share(double value) {
  return value >= 0 && value <= 1;
}

}  // namespace

void check_sampling(const SamplingOptions& options) {
  require(std::isfinite(options.temperature) && options.temperature >= 0, "temperature",
          "a number of at least 0", options.temperature);
  require(options.top_k >= 0, "top-k", "a number of at least 0",
          static_cast<double>(options.top_k));
  require(is_share(options.top_p), "top-p", "a number from 0 to 1", options.top_p);
  require(is_share(options.min_p), "min-p", "a number from 0 to 1", options.min_p);
  require(std::isfinite(options.repetition_penalty) && options.repetition_penalty > 0,
          "repetition penalty", "a number above 0", options.repetition_penalty);
}

}  // namespace ashlar
