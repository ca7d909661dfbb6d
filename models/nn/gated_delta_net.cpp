// SPDX-License-Identifier: Apache-2.0
#include "models/nn/gated_delta_net.h"

#include "models/nn/causal_conv.h"
#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

#include <cmath>

namespace ashlar::nn {
namespace {

struct Projections {
  Array mixed;  // [B, T, C]: queries, keys and values of all heads, in this order
  Array gate;   // [B, T, heads, V]
  Array rate;   // [B, T, heads], before the sigmoid
  Array decay;  // [B, T, heads], before softplus
};

Projections project(const Array& x, const Weights& weights, const RecurrenceConfig& sizes) {
  return {linear(x, weights / "in_proj_qkv", sizes.conv_channels(), false),
          unflatten(linear(x, weights / "in_proj_z", sizes.value_width(), false), -1,
                    {sizes.heads, sizes.value_dim}),
          linear(x, weights / "in_proj_b", sizes.heads, false),
          linear(x, weights / "in_proj_a", sizes.heads, false)};
}

}  // namespace

Array gated_delta_net(const Array& x, const Weights& weights, const ModelConfig& config,
                      const TokenRange& range, const RecurrentState* state) {
  Scope scope(weights.name());
  const RecurrenceConfig& sizes = *config.recurrence;
  const Projections in = project(x, weights, sizes);
  const Array window =
      conv_window(in.mixed, sizes.conv_kernel, range, state ? &state->conv : nullptr);
  const std::vector<Array> mixed =
      split_at(activate(causal_conv(window, weights / "conv1d", sizes.conv_kernel, /*bias=*/false),
                        config.activation),
               {sizes.key_width(), 2 * sizes.key_width()}, -1);

  const auto per_head = [&](std::string_view name) {
    return weights.get(name, {sizes.heads}).astype(DType::f32);
  };
  const Array slope = softplus(in.decay.astype(DType::f32) + per_head("dt_bias"));
  const Array recalled = recurrence(
      {.query = unflatten(mixed[0], -1, {sizes.groups, sizes.key_dim}),
       .key = unflatten(mixed[1], -1, {sizes.groups, sizes.key_dim}),
       .value = unflatten(mixed[2], -1, {sizes.heads, sizes.value_dim}).astype(DType::f32),
       .log_decay = -exp(per_head("A_log")) * slope,
       .rate = sigmoid(in.rate).astype(DType::f32),
       .normalised = true},
      range, state, UpdateRule::delta);
  const Array output = recalled * (1 / std::sqrt(static_cast<double>(sizes.key_dim)));

  const Array normed =
      rms_norm(output.astype(x.dtype()), weights / "norm", NormKind::plain, config.norm_epsilon);
  const Array gated = (normed * silu(in.gate.astype(DType::f32))).astype(x.dtype());
  return linear(flatten(gated, 2), weights / "out_proj", config.hidden_size, false);
}

}  // namespace ashlar::nn
