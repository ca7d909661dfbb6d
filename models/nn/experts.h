// SPDX-License-Identifier: Apache-2.0
// Mixtures of experts. Shapes: B batch rows, T tokens, H hidden size, E experts, K of them chosen
// for each token, I intermediate size.
#pragma once

#include "models/formats/model_config.h"
#include "models/nn/weights.h"

#include <optional>

namespace ashlar::nn {

// The experts of each token, best first, and how much each counts.
struct Routing {
  Array ids;      // i32 [..., K]
  Array weights;  // f32 [..., K]
};
// From the router's logits [..., E]. `correction` [E] is added to the scores where experts are
// chosen; it does not change their weights.
Routing route(const Array& logits, const ExpertsConfig& config,
              const std::optional<Array>& correction = std::nullopt);

// One projection of all experts.
struct ExpertProjection {
  Array matrices;                         // [E, out, in], or [E, in, out]
  std::optional<Array> bias;              // [E, out]
  bool inputs_first = false;              // whether it is [E, in, out]
  std::optional<Array> input_order = {};  // i32 [E, in]: which input each column is for
};
struct ExpertMatrices {
  ExpertProjection gate, up, down;
};
// From a block's tensors, however they are stored: one by one (`experts.3.gate_proj`, by the
// config's names), stacked (`switch_mlp.gate_proj`, or `switch_mlp.gate_proj_blocks` in MXFP4) or
// with gate and up in one
// (`experts.gate_up_proj`). Packed matrices stay packed.
ExpertMatrices expert_matrices(const Weights& weights, const ExpertsConfig& config,
                               std::int64_t hidden_size);

// x [B, T, H] to [B, T, H]: the sum of each token's experts by their weights. Only chosen matrices
// are read.
Array mix_experts(const Array& x, const Routing& routing, const ExpertMatrices& matrices,
                  const ExpertsConfig& config, Activation activation);

// The whole block: router `gate`, experts, and the shared expert with its gate where there is one.
Array expert_block(const Array& x, const Weights& weights, const ExpertsConfig& config,
                   Activation activation);

// Experts for rows `x` whose router sees other rows: `residual` [B, T, H], normalised and scaled.
// Both are modules of `weights`, `router` and `experts`; each expert's weight has a scale of its
// own.
Array scaled_experts(const Array& x, const Array& residual, const Weights& weights,
                     const ExpertsConfig& config, Activation activation, double epsilon);

}  // namespace ashlar::nn
