// SPDX-License-Identifier: Apache-2.0
// The state-space mixer of Mamba 2 (Dao and Gu 2024).
#pragma once

#include "models/nn/recurrence.h"

namespace ashlar::nn {

// x [B, T, H] to [B, T, H]: one projection, a convolution over values, keys (B) and queries (C),
// the additive recurrence whose rate is a time step, a gate, a norm over all heads, output
// projection. `state` null: as for self_attention.
Array mamba2(const Array& x, const Weights& weights, const ModelConfig& config,
             const TokenRange& range, const RecurrentState* state);

}  // namespace ashlar::nn
