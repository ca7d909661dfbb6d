// SPDX-License-Identifier: Apache-2.0
// The gated delta network of Qwen 3.5 and Qwen3-Next: a token mixer with a memory of fixed size.
#pragma once

#include "models/nn/recurrence.h"

namespace ashlar::nn {

// x [B, T, H] to [B, T, H]: projections, a convolution over queries, keys and values, the delta
// rule, a norm per head that is gated, output projection. `state` null: as for self_attention.
Array gated_delta_net(const Array& x, const Weights& weights, const ModelConfig& config,
                      const TokenRange& range, const RecurrentState* state);

}  // namespace ashlar::nn
