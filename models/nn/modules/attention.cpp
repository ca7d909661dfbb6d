// SPDX-License-Identifier: Apache-2.0
#include "models/nn/modules/attention.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar::nn {
namespace {

MultiHeadOptions checked(std::int64_t width, MultiHeadOptions options) {
  if (options.kv_heads == 0)
    options.kv_heads = options.heads;
  if (options.heads < 1 || width % options.heads != 0 || options.kv_heads < 1 ||
      options.heads % options.kv_heads != 0)
    throw InvalidArgument("attention",
                          "expected heads that divide the width {} and kv_heads that divide them, "
                          "got {} and {}",
                          width, options.heads, options.kv_heads);
  return options;
}

}  // namespace

MultiHeadAttention::MultiHeadAttention(const Array& key, std::int64_t width,
                                       const MultiHeadOptions& options)
    : Layer("attention"), options_(checked(width, options)), depth_(width / options_.heads),
      q_proj(random::split(key, 4)(0), width, width, options.bias),
      k_proj(random::split(key, 4)(1), width, options_.kv_heads * depth_, options.bias),
      v_proj(random::split(key, 4)(2), width, options_.kv_heads * depth_, options.bias),
      o_proj(random::split(key, 4)(3), width, width, options.bias) {
  add("q_proj", q_proj);
  add("k_proj", k_proj);
  add("v_proj", v_proj);
  add("o_proj", o_proj);
}

Array MultiHeadAttention::operator()(const Array& x) {
  return attend(x, x, options_.causal);
}

Array MultiHeadAttention::operator()(const Array& x, const Array& context) {
  return attend(x, context, false);
}

Array MultiHeadAttention::rotated(const Array& heads) const {
  if (!options_.rope)
    return heads;
  const Array positions = broadcast_to(arange(heads.dim(1)), {heads.dim(0), heads.dim(1)});
  return apply_rope(heads, rope_table(positions, *options_.rope, depth_, heads.dtype()));
}

Array MultiHeadAttention::attend(const Array& x, const Array& context, bool causal) {
  Scope scope(name());
  const auto heads_of = [&](const Array& projected) {
    return unflatten(projected, -1, {-1, depth_});
  };
  const auto rows_first = [](const Array& rows) { return transpose(rows, {1, 0, 2, 3}); };
  const Array q = rotated(heads_of(q_proj(x)));
  const Array k = rows_first(rotated(heads_of(k_proj(context))));
  const Array v = rows_first(heads_of(v_proj(context)));
  const std::int64_t batch = x.dim(0);
  const Array mixed =
      attention(q, k, v, zeros({batch}, DType::i32), full({batch}, context.dim(1), DType::i32),
                {.scale = 1 / std::sqrt(static_cast<double>(depth_)), .causal = causal});
  return o_proj(flatten(mixed, 2));
}

}  // namespace ashlar::nn
