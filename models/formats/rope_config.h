// SPDX-License-Identifier: Apache-2.0
// Rotary position embeddings as checkpoints configure them.
//
// Convention of all checkpoints read here: the dimensions of a head rotate in pairs (i, i + n),
// where n is the number of frequencies, by the angle position * frequency[i]. Types: Su et al. 2021
// (plain), position interpolation (linear), Llama 3.1 (llama3), Peng et al. 2023 (yarn), Gemma 4
// (proportional).
#pragma once

#include "models/formats/json_fields.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ashlar {

enum class RopeType { plain, linear, llama3, yarn, proportional };

struct RopeParameters {
  RopeType type = RopeType::plain;
  double theta = 10000;
  double partial_rotary_factor = 1;  // share of a head's dimensions that rotates
  double factor = 1;                 // context extension; unused by plain
  double attention_factor = 1;       // multiplies cosine and sine (yarn)

  double original_max_positions = 0;  // llama3, yarn, query scaling
  double low_freq_factor = 0;         // llama3
  double high_freq_factor = 0;        // llama3
  double beta_fast = 32;              // yarn
  double beta_slow = 1;               // yarn
  bool truncate = true;               // yarn: whole-numbered ramp ends
  // Queries at position p are multiplied by 1 + beta * ln(1 + floor(p / original_max_positions)).
  double query_scaling_beta = 0;

  bool operator==(const RopeParameters&) const = default;
};

// Frequency of each rotating pair, in radians per position. Twice as many dimensions rotate: the
// first `partial_rotary_factor` of the head, or, for proportional, all of it with trailing zero
// frequencies. Throws InvalidArgument unless an even, positive number of dimensions rotates.
std::vector<double> rope_inverse_frequencies(const RopeParameters& rope, std::int64_t head_dim);

// What applies when the parameters themselves leave it out.
struct RopeContext {
  double theta = 10000;
  double partial_rotary_factor = 1;
  std::int64_t head_dim = 0;
  std::int64_t max_positions = 0;
  std::optional<std::int64_t> original_max_positions = {};  // wins over the parameters
  bool query_scaling = false;  // whether the model type knows `llama_4_scaling_beta`
};

// Reads a `rope_parameters` or `rope_scaling` object. Throws FormatError for wrong values,
// Unsupported for rope types and keys that are not known here.
RopeParameters parse_rope_parameters(const JsonFields& fields, const RopeContext& context);

}  // namespace ashlar
