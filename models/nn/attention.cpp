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

// Projected rows [B, T, N * W] of queries or keys as heads [B, T, N, D], each head normalised for
// itself or all as one row, if at all. What lies behind the first D of a head is left out.
Array normalised_heads(const Array& x, const Weights& norm, std::int64_t heads, std::int64_t depth,
                       const ModelConfig& config) {
  const auto normalise = [&](const Array& rows) {
    return rms_norm(rows, norm, config.norm, config.norm_epsilon);
  };
  Array split = split_heads(config.joint_qk_norm ? normalise(x) : x, heads);
  if (split.dim(-1) > depth)
    split = split(kEllipsis, Slice(0, depth));
  return config.qk_norm ? normalise(split) : split;
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

KeyValues key_values(const Array& x, const Weights& weights, const ModelConfig& config,
                     const LayerConfig& layer, const RopeTable& rope, const TokenRange& range,
                     const KvCache* cache) {
  Scope scope(weights.name());
  const auto project = [&](std::string_view name) {
    return linear(x, weights / name, layer.kv_heads * layer.head_dim, config.qkv_bias);
  };
  const Array projected = project("k_proj");
  const Array k = apply_rope(
      normalised_heads(projected, weights / "k_norm", layer.kv_heads, layer.head_dim, config),
      rope);
  Array v = split_heads(layer.value_is_key ? projected : project("v_proj"), layer.kv_heads);
  if (config.value_norm)
    v = rms_norm(v, config.norm_epsilon);
  if (!cache)
    return {rows_first(k), rows_first(v)};
  return {append(cache->key, k, range, cache->ring), append(cache->value, v, range, cache->ring),
          cache->ring};
}

Array self_attention(const Array& x, const Weights& weights, const ModelConfig& config,
                     const LayerConfig& layer, const RopeTable& rope, const TokenRange& range,
                     const KeyValues& seen) {
  Scope scope(weights.name());
  const std::int64_t heads = config.attention_heads;
  // With a gate, each head has its query first, then its gate.
  const std::int64_t depth = layer.head_dim, parts = config.gated_attention ? 2 : 1;
  const Array projected = linear(x, weights / "q_proj", heads * depth * parts, config.qkv_bias);
  const Array q = normalised_heads(projected, weights / "q_norm", heads, depth, config);
  const bool sliding = layer.attention == AttentionKind::sliding;
  const AttentionOptions options{.scale = config.query_scale,
                                 .causal = true,
                                 .window = sliding ? config.sliding_window : 0,
                                 .softcap = config.attention_softcap.value_or(0),
                                 .ring = seen.ring};
  std::optional<Array> sinks;
  if (config.attention_sinks)
    sinks = broadcast_to(weights.get("sinks", {heads}), {x.dim(0), heads});
  Array mixed = attention(apply_query_rope(q, rope), seen.keys, seen.values, range.position,
                          range.position + range.valid, options, sinks);
  if (config.gated_attention)
    mixed = mixed * sigmoid(split_heads(projected, heads)(kEllipsis, Slice(depth, 2 * depth)));
  return linear(flatten(mixed, 2), weights / "o_proj", config.hidden_size, config.output_bias);
}

}  // namespace ashlar::nn
