// SPDX-License-Identifier: Apache-2.0
// Short depthwise convolutions over time: each channel mixes its last few inputs.
#pragma once

#include "models/nn/attention.h"
#include "runtime/array/state.h"

namespace ashlar::nn {

// The inputs of T tokens and of the kernel - 1 tokens before them: x [B, T, C] to
// [B, kernel - 1 + T, C]. They come from `inputs`, a state [kernel - 1, B, C] with position p in
// row p mod (kernel - 1), which then takes the last valid ones of x. Before position 0, and without
// a state (null), there are zeros.
Array conv_window(const Array& x, std::int64_t kernel, const TokenRange& range,
                  const State* inputs);

// y[t, c] = sum over j of weight[c, 0, j] * window[t + j, c], plus bias[c] if asked for:
// window [B, kernel - 1 + T, C] to [B, T, C]. Summed in f32. MLX stores the weight as [c, j, 0].
Array causal_conv(const Array& window, const Weights& weights, std::int64_t kernel, bool bias);

// Whether the module's weight is one that MLX stored.
bool is_conv_of_mlx(const Weights& weights);

}  // namespace ashlar::nn
