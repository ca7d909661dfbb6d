// SPDX-License-Identifier: Apache-2.0
#include "models/nn/mamba2.h"

#include "models/nn/causal_conv.h"
#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

namespace ashlar::nn {

Array mamba2(const Array& x, const Weights& weights, const ModelConfig& config,
             const TokenRange& range, const RecurrentState* state) {
  Scope scope(weights.name());
  const RecurrenceConfig& sizes = *config.recurrence;
  const std::int64_t inner = sizes.value_width(), channels = sizes.conv_channels();
  const std::vector<Array> parts = split_at(
      linear(x, weights / "in_proj", inner + channels + sizes.heads, sizes.projection_bias),
      {inner, inner + channels}, -1);

  const Array window =
      conv_window(parts[1], sizes.conv_kernel, range, state ? &state->conv : nullptr);
  const std::vector<Array> mixed =
      split_at(activate(causal_conv(window, weights / "conv1d", sizes.conv_kernel, sizes.conv_bias),
                        config.activation)
                   .astype(DType::f32),
               {inner, inner + sizes.key_width()}, -1);
  const Array value = unflatten(mixed[0], -1, {sizes.heads, sizes.value_dim});
  const Array key = unflatten(mixed[1], -1, {sizes.groups, sizes.key_dim});
  const Array query = unflatten(mixed[2], -1, {sizes.groups, sizes.key_dim});

  const auto per_head = [&](std::string_view name) {
    return weights.get(name, {sizes.heads}).astype(DType::f32);
  };
  const std::optional<Operand> most =
      sizes.largest_step ? std::optional<Operand>(*sizes.largest_step) : std::nullopt;
  const Array step =
      clip(softplus(parts[2].astype(DType::f32) + per_head("dt_bias")), sizes.least_step, most);
  const Array output = recurrence({.query = query,
                                   .key = key,
                                   .value = value,
                                   .log_decay = -exp(per_head("A_log")) * step,
                                   .rate = step},
                                  range, state, UpdateRule::additive);

  const Array passed = flatten(output + expand_dims(per_head("D"), 1) * value, 2);
  const Array gated = passed * silu(parts[0].astype(DType::f32));
  const Array normed = rms_norm(gated, weights / "norm", NormKind::plain, config.norm_epsilon);
  return linear(normed.astype(x.dtype()), weights / "out_proj", config.hidden_size,
                sizes.projection_bias);
}

}  // namespace ashlar::nn
