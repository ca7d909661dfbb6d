// SPDX-License-Identifier: Apache-2.0
// How tokens are chosen, as Hugging Face transformers names and orders it: repetition penalty,
// temperature, top-k, top-p, min-p.
#pragma once

#include <cstdint>

namespace ashlar {

struct SamplingOptions {
  double temperature = 0;         // 0: always the most likely token
  std::int64_t top_k = 0;         // only the k most likely tokens; 0: all
  double top_p = 1;               // only the fewest tokens that make up this probability
  double min_p = 0;               // only tokens this likely, relative to the most likely one
  double repetition_penalty = 1;  // divides the logits of tokens that occurred; 1: none
  std::uint64_t seed = 0;         // equal seeds draw equal tokens at equal rows and positions

  // Whether choosing takes more than an argmax of the model's logits.
  bool needs_sampler() const { return temperature > 0 || repetition_penalty != 1; }
};

// Throws InvalidArgument naming the option that is out of range.
void check_sampling(const SamplingOptions& options);

}  // namespace ashlar
