// SPDX-License-Identifier: Apache-2.0
#include "models/nn/layers.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

namespace ashlar::nn {
namespace {

// Rows of f32 by their root mean square.
Array normalise(const Array& x, double epsilon) {
  return x * rsqrt(mean(square(x), -1, true) + epsilon);
}

Array query_scale(const Array& positions, const RopeParameters& rope) {
  const Array contexts = floor(positions / rope.original_max_positions);
  return log(contexts + 1.0) * rope.query_scaling_beta + 1.0;
}

}  // namespace

Array linear(const Array& x, const Weights& weights, std::int64_t out, bool bias) {
  Scope scope(weights.name());
  const auto [matrix, order] = weights.ordered_matrix({out, x.dim(-1)});
  const Array y = ashlar::linear(order ? take(x, *order, -1) : x, matrix);
  return bias ? y + weights.get("bias", {out}).astype(x.dtype()) : y;
}

Array embedding(const Array& ids, const Weights& weights, std::int64_t vocabulary,
                std::int64_t width, DType dtype) {
  Scope scope(weights.name());
  return take(weights.matrix({vocabulary, width}), ids, 0).astype(dtype);
}

Array rms_norm(const Array& x, const Weights& weights, NormKind kind, double epsilon) {
  Scope scope(weights.name());
  const Array weight = weights.get("weight", {x.dim(-1)});
  const Array normed = normalise(x.astype(DType::f32), epsilon);
  switch (kind) {
  case NormKind::plain:
    return normed.astype(x.dtype()) * weight.astype(x.dtype());
  case NormKind::plain_f32:
    return (normed * weight.astype(DType::f32)).astype(x.dtype());
  case NormKind::one_plus:
    return (normed * (weight.astype(DType::f32) + 1.0)).astype(x.dtype());
  }
  __builtin_unreachable();
}

Array rms_norm(const Array& x, double epsilon) {
  return normalise(x.astype(DType::f32), epsilon).astype(x.dtype());
}

Array layer_norm(const Array& x, const Weights& weights, double epsilon) {
  Scope scope(weights.name());
  const Array wide = x.astype(DType::f32);
  const Array centred = wide - mean(wide, -1, true);
  const Array normed = centred * rsqrt(mean(square(centred), -1, true) + epsilon);
  const auto part = [&](std::string_view name) {
    return weights.get(name, {x.dim(-1)}).astype(DType::f32);
  };
  return (normed * part("weight") + part("bias")).astype(x.dtype());
}

Array activate(const Array& x, Activation activation) {
  switch (activation) {
  case Activation::silu:
    return silu(x);
  case Activation::gelu:
    return gelu(x);
  case Activation::gelu_tanh:
    return gelu_tanh(x);
  }
  __builtin_unreachable();
}

Array gated_mlp(const Array& x, const Weights& weights, std::int64_t intermediate,
                Activation activation, bool bias) {
  Scope scope(weights.name());
  const Array gate = linear(x, weights / "gate_proj", intermediate, bias);
  const Array up = linear(x, weights / "up_proj", intermediate, bias);
  return linear(activate(gate, activation) * up, weights / "down_proj", x.dim(-1), bias);
}

RopeTable rope_table(const Array& positions, const RopeParameters& rope, std::int64_t head_dim,
                     DType dtype) {
  Scope scope("rope");
  const std::vector<double> exact = rope_inverse_frequencies(rope, head_dim);
  const std::vector<float> frequencies(exact.begin(), exact.end());
  const auto pairs = static_cast<std::int64_t>(frequencies.size());
  const Array at =
      reshape(positions.astype(DType::f32), {positions.dim(0), positions.dim(1), 1, 1});
  const Array angles = at * array(std::span<const float>(frequencies), {1, 1, 1, pairs});
  RopeTable table{.cosine = (cos(angles) * rope.attention_factor).astype(dtype),
                  .sine = (sin(angles) * rope.attention_factor).astype(dtype)};
  if (rope.query_scaling_beta != 0)
    table.query_scale = query_scale(at, rope).astype(dtype);
  return table;
}

Array apply_rope(const Array& x, const RopeTable& table) {
  const std::int64_t pairs = table.cosine.dim(-1);
  const std::vector<Array> parts = split_at(x, {pairs, 2 * pairs}, -1);
  std::vector<Array> rotated{parts[0] * table.cosine - parts[1] * table.sine,
                             parts[1] * table.cosine + parts[0] * table.sine};
  if (x.dim(-1) > 2 * pairs)
    rotated.push_back(parts[2]);
  return concatenate(rotated, -1);
}

Array apply_query_rope(const Array& x, const RopeTable& table) {
  const Array rotated = apply_rope(x, table);
  return table.query_scale ? rotated * *table.query_scale : rotated;
}

}  // namespace ashlar::nn
