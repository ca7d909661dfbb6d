// SPDX-License-Identifier: Apache-2.0
#include "models/nn/causal_conv.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

#include <algorithm>

namespace ashlar::nn {
namespace {

// Tokens [n, B] of x [B, T, C] as [n, B, C].
Array tokens_of(const Array& x, const Array& tokens) {
  const Shape shape{tokens.dim(0), tokens.dim(1), x.dim(2)};
  return take_along_axis(transpose(x, {1, 0, 2}), broadcast_to(expand_dims(tokens, 2), shape), 0);
}

// What lies before the call's first tokens: [B, kernel - 1, C].
Array history(const State& inputs, const TokenRange& range) {
  const std::int64_t rows = inputs.type().shape.dim(0);
  const Array position =
      expand_dims(range.position, 0) + expand_dims(arange(rows), 1) - rows;  // [rows, B]
  const Array row = broadcast_to(expand_dims(position % rows, 2), inputs.type().shape);
  const Array stored = take_along_axis(inputs.read(), row, 0);
  const Array known = where(expand_dims(position, 2) >= 0, stored, 0.0);
  return transpose(known, {1, 0, 2});
}

void remember(const State& inputs, const Array& x, const TokenRange& range) {
  const std::int64_t rows = inputs.type().shape.dim(0), count = std::min(rows, x.dim(1));
  const Array token =
      expand_dims(range.valid, 0) + expand_dims(arange(count), 1) - count;  // [count, B]
  const Array row = where(token >= 0, (expand_dims(range.position, 0) + token) % rows, -1);
  inputs.update(scatter(inputs.read(), expand_dims(row, 2), tokens_of(x, maximum(token, 0)), 0));
}

}  // namespace

Array conv_window(const Array& x, std::int64_t kernel, const TokenRange& range,
                  const State* inputs) {
  if (!inputs)
    return pad(x, {0, kernel - 1, 0}, {0, 0, 0});
  const Array window = concatenate({history(*inputs, range), x}, 1);
  remember(*inputs, x, range);
  return window;
}

bool is_conv_of_mlx(const Weights& weights) {
  const auto shape = weights.find_shape("weight");
  return shape && shape->rank() == 3 && shape->dim(2) == 1;
}

Array causal_conv(const Array& window, const Weights& weights, std::int64_t kernel, bool bias) {
  Scope scope(weights.name());
  const std::int64_t width = window.dim(2), tokens = window.dim(1) - kernel + 1;
  const bool of_mlx = is_conv_of_mlx(weights);
  const Shape stored = of_mlx ? Shape{width, kernel, 1} : Shape{width, 1, kernel};
  const Array weight = weights.get("weight", stored).astype(DType::f32);
  const auto tap = [&](std::int64_t j) {
    return window(Slice(), Slice(j, j + tokens)).astype(DType::f32) *
           (of_mlx ? weight(Slice(), j, 0) : weight(Slice(), 0, j));
  };
  Array sum = tap(0);
  for (std::int64_t j = 1; j < kernel; ++j)
    sum = sum + tap(j);
  if (bias)
    sum = sum + weights.get("bias", {width}).astype(DType::f32);
  return sum.astype(window.dtype());
}

}  // namespace ashlar::nn
