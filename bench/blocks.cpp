// SPDX-License-Identifier: Apache-2.0
#include "bench/blocks.h"

#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/state.h"
#include "runtime/array/trace.h"

#include <fmt/format.h>

namespace ashlar::bench {
namespace {

// Each copy's own, as layers have: products of one left side would become one.
Array activations(const BlockShape& shape, std::string_view name, std::int64_t width) {
  return entry_input(fmt::format("{}.{}", name, shape.copy), shape.dtype, {shape.tokens, width});
}

Array normed(const BlockShape& shape, std::string_view norm) {
  return nn::rms_norm(activations(shape, "x", shape.config.hidden_size), shape.layer / norm,
                      shape.config.norm, shape.config.norm_epsilon);
}

Array residual(const BlockShape& shape) {
  return activations(shape, "residual", shape.config.hidden_size);
}

const LayerConfig& layer_of(const BlockShape& shape) {
  return shape.config.layers[static_cast<std::size_t>(shape.copy)];
}

// Elements of all heads' queries of a token.
std::int64_t query_width(const BlockShape& shape) {
  return shape.config.attention_heads * layer_of(shape).head_dim;
}

std::vector<Array> norm_qkv(const BlockShape& shape) {
  const ModelConfig& config = shape.config;
  const nn::Weights weights = shape.layer / "self_attn";
  const Array x = normed(shape, "input_layernorm");
  const std::int64_t key = layer_of(shape).kv_heads * layer_of(shape).head_dim;
  return {nn::linear(x, weights / "q_proj", query_width(shape), config.qkv_bias),
          nn::linear(x, weights / "k_proj", key, config.qkv_bias),
          nn::linear(x, weights / "v_proj", key, config.qkv_bias)};
}

// The queries of the last tokens over a full cache.
std::vector<Array> attend(const BlockShape& shape) {
  const ModelConfig& config = shape.config;
  const LayerConfig& layer = layer_of(shape);
  const std::int64_t rows = shape.depth + shape.tokens;
  const auto cache = [&](std::string_view part) {
    return State(fmt::format("{}.{}", part, shape.copy), shape.dtype,
                 {rows, 1, layer.kv_heads, layer.head_dim});
  };
  const Array query = reshape(activations(shape, "query", query_width(shape)),
                              {1, shape.tokens, config.attention_heads, layer.head_dim});
  const Array position = array({static_cast<std::int32_t>(shape.depth)}, {1});
  const Array length = array({static_cast<std::int32_t>(rows)}, {1});
  return {attention(query, cache("key").read(), cache("value").read(), position, length,
                    {.scale = config.query_scale, .causal = true})};
}

std::vector<Array> output_residual(const BlockShape& shape) {
  const ModelConfig& config = shape.config;
  const Array mixed = activations(shape, "mixed", query_width(shape));
  return {residual(shape) + nn::linear(mixed, shape.layer / "self_attn" / "o_proj",
                                       config.hidden_size, config.output_bias)};
}

std::vector<Array> norm_gate_up(const BlockShape& shape) {
  const ModelConfig& config = shape.config;
  const std::int64_t wide = layer_of(shape).intermediate_size;
  const nn::Weights mlp = shape.layer / "mlp";
  const Array x =
      normed(shape, config.post_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm");
  const Array gate = nn::linear(x, mlp / "gate_proj", wide, config.mlp_bias);
  const Array up = nn::linear(x, mlp / "up_proj", wide, config.mlp_bias);
  return {nn::activate(gate, config.activation) * up};
}

std::vector<Array> down_residual(const BlockShape& shape) {
  const ModelConfig& config = shape.config;
  return {residual(shape) +
          nn::linear(activations(shape, "wide", layer_of(shape).intermediate_size),
                     shape.layer / "mlp" / "down_proj", config.hidden_size, config.mlp_bias)};
}

// Larger than any cache; sorting and scanning are far from the bandwidth and take fewer rows.
constexpr std::int64_t kManyRows = 8192, kRows = 1024, kColumns = 4096;

Array plain_input(std::string_view name, std::int64_t rows = kRows) {
  return entry_input(std::string(name), DType::f32, {rows, kColumns});
}

std::vector<Array> elementwise_chain(const BlockShape&) {
  return {gelu_tanh(plain_input("x", kManyRows)) * plain_input("y", kManyRows) + 1.0};
}

std::vector<Array> row_sums(const BlockShape&) {
  return {sum(square(plain_input("x", kManyRows)) * 0.5, {1})};
}

std::vector<Array> softmax_rows(const BlockShape&) {
  return {softmax(plain_input("x", kManyRows) * 0.5)};
}

std::vector<Array> running_sums(const BlockShape&) {
  return {cumsum(plain_input("x") * 2.0, 1)};
}

std::vector<Array> largest_forty(const BlockShape&) {
  return {topk_indices(plain_input("x") * 2.0, 40)};
}

}  // namespace

const std::vector<Block>& layer_blocks() {
  static const std::vector<Block> blocks{{"norm_qkv", norm_qkv, true},
                                         {"attention", attend, false},
                                         {"output_residual", output_residual, true},
                                         {"norm_gate_up", norm_gate_up, true},
                                         {"down_residual", down_residual, true}};
  return blocks;
}

const std::vector<Block>& array_blocks() {
  static const std::vector<Block> blocks{{"elementwise", elementwise_chain, false},
                                         {"row_sums", row_sums, false},
                                         {"row_softmax", softmax_rows, false},
                                         {"scan_cumsum", running_sums, false},
                                         {"sort_topk", largest_forty, false}};
  return blocks;
}

}  // namespace ashlar::bench
