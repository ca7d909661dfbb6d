// SPDX-License-Identifier: Apache-2.0
#include "models/nn/attention.h"

#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

namespace ashlar::nn {
namespace {

// [B, T, N * D] to [B, T, N, D].
Array split_heads(const Array& x, std::int64_t heads) {
  return unflatten(x, -1, {heads, -1});
}

// Rows [B, T, G, D] as the keys or values of a cache are laid out.
Array rows_first(const Array& rows) {
  return transpose(rows, {1, 0, 2, 3});
}

// The cache with rows [B, T, G, D] stored at their positions; rows beyond `valid` are dropped.
Array append(const State& cache, const Array& rows, const TokenRange& range, std::int64_t ring) {
  const std::int64_t tokens = rows.dim(1);
  const Array offsets = arange(tokens);                                  // [T]
  Array row = expand_dims(range.position, 0) + expand_dims(offsets, 1);  // [T, B]
  if (ring > 0)
    row = row % ring;
  const Array kept = where(expand_dims(offsets, 1) < expand_dims(range.valid, 0), row, -1);
  const Array index = reshape(kept, {tokens, rows.dim(0), 1, 1});
  const Array updated = scatter(cache.read(), index, rows_first(rows), 0);
  cache.update(updated);
  return updated;
}

}  // namespace

Array TokenRange::positions(std::int64_t tokens) const {
  return expand_dims(position, 1) + expand_dims(arange(tokens), 0);
}

Array self_attention(const Array& x, const Weights& weights, const ModelConfig& config,
                     const LayerConfig& layer, const RopeTable& rope, const TokenRange& range,
                     const KvCache* cache) {
  Scope scope(weights.name());
  const std::int64_t heads = config.attention_heads, groups = layer.kv_heads,
                     depth = layer.head_dim;
  Array q = linear(x, weights / "q_proj", heads * depth, config.qkv_bias);
  Array k = linear(x, weights / "k_proj", groups * depth, config.qkv_bias);
  const auto normalise = [&] {
    q = rms_norm(q, weights / "q_norm", config.norm, config.norm_epsilon);
    k = rms_norm(k, weights / "k_norm", config.norm, config.norm_epsilon);
  };
  if (config.joint_qk_norm)
    normalise();
  q = split_heads(q, heads);
  k = split_heads(k, groups);
  const Array v =
      split_heads(linear(x, weights / "v_proj", groups * depth, config.qkv_bias), groups);
  if (config.qk_norm)
    normalise();
  const std::int64_t ring = cache ? cache->ring : 0;
  const Array rotated = apply_rope(k, rope);
  const Array keys = cache ? append(cache->key, rotated, range, ring) : rows_first(rotated);
  const Array values = cache ? append(cache->value, v, range, ring) : rows_first(v);
  const bool sliding = layer.attention == AttentionKind::sliding;
  const AttentionOptions options{.scale = config.query_scale,
                                 .causal = true,
                                 .window = sliding ? config.sliding_window : 0,
                                 .softcap = config.attention_softcap.value_or(0),
                                 .ring = ring};
  const Array mixed = attention(apply_query_rope(q, rope), keys, values, range.position,
                                range.position + range.valid, options);
  return linear(flatten(mixed, 2), weights / "o_proj", config.hidden_size, config.output_bias);
}

}  // namespace ashlar::nn
