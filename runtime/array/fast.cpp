// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/fast.h"

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/program/error.h"

#include <cmath>
#include <limits>

namespace ashlar::fast {
namespace {

Array wide(const Array& x) {
  return convert(x, DType::f32);
}

// Inverse frequencies times positions: [T, dims / 2].
Array angles(std::int64_t tokens, int dims, const Operand& offset, const RopeOptions& options) {
  const Array positions = wide(arange(tokens) + offset.array()) * options.scale;
  const Array rates = options.frequencies
                          ? 1 / wide(*options.frequencies)
                          : exp(wide(arange(dims / 2)) * (-2 * std::log(options.base) / dims));
  return expand_dims(positions, -1) * rates;
}

// With what the fused kernel knows: causal and window masks, softcap.
Array fused_attention(const Array& query, const Array& key, const Array& value, double scale,
                      const ScaledAttentionOptions& options) {
  const std::int64_t batch = query.dim(0), tokens = query.dim(2), keys = key.dim(2);
  const auto rows_first = [](const Array& x) { return transpose(x, {2, 0, 1, 3}); };
  const bool causal = std::holds_alternative<Causal>(options.mask);
  const Array result =
      attention(transpose(query, {0, 2, 1, 3}), rows_first(key), rows_first(value),
                full({batch}, keys - tokens, DType::i32), full({batch}, keys, DType::i32),
                {.scale = scale,
                 .causal = causal,
                 .window = causal ? options.window : 0,
                 .softcap = options.softcap});
  return transpose(result, {0, 2, 1, 3});
}

// The softmax over keys and, if there is one, a sink; 0 where nothing is seen.
Array weights_of(const Array& scores, const std::optional<Array>& sinks) {
  Array largest = max(scores, -1, true);
  std::optional<Array> sink;
  if (sinks) {
    sink = reshape(wide(*sinks), {1, scores.dim(1), scores.dim(2), 1, 1});
    largest = maximum(largest, *sink);
  }
  const Array safe = where(is_inf(largest), 0, largest);
  const Array exponentials = exp(scores - safe);
  Array total = sum(exponentials, -1, true);
  if (sink)
    total = total + exp(*sink - safe);
  return exponentials / where(equal(total, 0), 1, total);
}

void check(const Array& query, const Array& key, const Array& value) {
  const bool ranks = query.rank() == 4 && key.rank() == 4 && value.rank() == 4;
  if (!ranks || key.dim(0) != query.dim(0) || value.dim(0) != query.dim(0) ||
      key.dim(1) != value.dim(1) || key.dim(2) != value.dim(2) || key.dim(3) != query.dim(3) ||
      key.dim(1) == 0 || query.dim(1) % key.dim(1) != 0)
    throw InvalidArgument("scaled_dot_product_attention", "query {}, key {} and value {} disagree",
                          query.shape().to_string(), key.shape().to_string(),
                          value.shape().to_string());
}

}  // namespace

Array rms_norm(const Operand& input, const std::optional<Array>& weight, double epsilon) {
  const WrittenAt at(input.where());
  const Array given = input.array(), x = wide(given);
  const Array y = x * rsqrt(mean(square(x), -1, true) + epsilon);
  return convert(weight ? y * wide(*weight) : y, float_dtype(given.dtype()));
}

Array layer_norm(const Operand& input, const std::optional<Array>& weight,
                 const std::optional<Array>& bias, double epsilon) {
  const WrittenAt at(input.where());
  const Array given = input.array(), x = wide(given);
  const Array centred = x - mean(x, -1, true);
  Array y = centred * rsqrt(mean(square(centred), -1, true) + epsilon);
  if (weight)
    y = y * wide(*weight);
  if (bias)
    y = y + wide(*bias);
  return convert(y, float_dtype(given.dtype()));
}

Array rope(const Operand& input, int dims, const Operand& offset, const RopeOptions& options) {
  const WrittenAt at(input.where());
  const Array given = input.array(), x = wide(given);
  if (x.rank() < 2 || dims < 2 || dims % 2 != 0 || dims > x.dim(-1))
    throw InvalidArgument("rope",
                          "cannot rotate {} dimensions of {}: expected an even number of the "
                          "last axis",
                          dims, given.shape().to_string());
  const Array turns = angles(x.dim(-2), dims, offset, options);
  const Array c = cos(turns), s = sin(turns);
  const Array turned = x(kEllipsis, Slice(0, dims)), rest = x(kEllipsis, Slice(dims, kEnd));
  // [.., dims / 2, 2] or [.., 2, dims / 2]
  const int pair = options.traditional ? -1 : -2;
  const Array pairs = unflatten(turned, -1, options.traditional ? Shape{-1, 2} : Shape{2, -1});
  const auto part = [&](int i) {
    return squeeze(split(pairs, 2, pair)[static_cast<std::size_t>(i)], pair);
  };
  const Array rotated = stack({part(0) * c - part(1) * s, part(0) * s + part(1) * c}, pair);
  return convert(concatenate({flatten(rotated, -2, -1), rest}, -1), float_dtype(given.dtype()));
}

Array scaled_dot_product_attention(const Array& query, const Array& key, const Array& value,
                                   double scale, const ScaledAttentionOptions& options) {
  const WrittenAt at(std::source_location::current());
  check(query, key, value);
  const Array* mask = std::get_if<Array>(&options.mask);
  if (!mask && !options.sinks)
    return fused_attention(query, key, value, scale, options);
  const std::int64_t groups = key.dim(1), tokens = query.dim(2), keys = key.dim(2);
  // [B, G, H / G, T, S]
  const Array grouped = unflatten(wide(query), 1, {groups, -1});
  Array scores = matmul(grouped, swapaxes(expand_dims(wide(key), 2), -1, -2)) * scale;
  if (options.softcap > 0)
    scores = tanh(scores / options.softcap) * options.softcap;
  const double none = -std::numeric_limits<double>::infinity();
  if (mask) {
    const Array whole = unflatten(broadcast(*mask, Shape{query.dim(0), query.dim(1), tokens, keys}),
                                  1, {groups, -1});
    scores = whole.dtype() == DType::boolean ? where(whole, scores, none) : scores + wide(whole);
  }
  if (std::holds_alternative<Causal>(options.mask)) {
    const Array row = expand_dims(arange(tokens) + static_cast<int>(keys - tokens), 1),
                column = arange(keys);
    Array seen = column <= row;
    if (options.window > 0)
      seen = seen & (column > row - options.window);
    scores = where(seen, scores, none);
  }
  std::optional<Array> sinks;
  if (options.sinks)
    sinks = reshape(*options.sinks, {groups, -1});
  const Array result = matmul(weights_of(scores, sinks), expand_dims(wide(value), 2));
  return convert(flatten(result, 1, 2), query.dtype());
}

}  // namespace ashlar::fast
