// SPDX-License-Identifier: Apache-2.0
#include "models/families/decoder.h"

#include "models/nn/experts.h"
#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

// A growing cache starts with this many rows and doubles from there.
constexpr std::int64_t kFirstCacheRows = 256;

// Where the decoder's tensors start: multimodal wrappers put it under a prefix, old or new.
nn::Weights decoder_root(const nn::Weights& root) {
  for (std::string_view prefix : {"language_model", "model.language_model"})
    if ((root / prefix).has("model.embed_tokens.weight") ||
        (root / prefix).has("embed_tokens.weight"))
      return root / prefix;
  return root;
}

nn::Weights model_root(const nn::Weights& weights) {
  const nn::Weights root = decoder_root(weights);
  return root.has("model.embed_tokens.weight") ? root / "model" : root;
}

// Beside the decoder, or at the top of a wrapper's checkpoint. Tied heads need none, whatever the
// file holds; a file without one ties it to the embedding.
std::optional<nn::Weights> find_head(const ModelConfig& config, const nn::Weights& weights) {
  for (const nn::Weights& root : {decoder_root(weights), weights})
    if (!config.tied_embeddings && root.has("lm_head.weight"))
      return root / "lm_head";
  return std::nullopt;
}

}  // namespace

Decoder::Decoder(const ModelConfig& config, const nn::Weights& weights,
                 std::vector<nn::KvCache> caches, DType dtype)
    : config_(config), model_(model_root(weights)), head_(find_head(config, weights)),
      caches_(std::move(caches)), dtype_(dtype) {}

Array Decoder::embed(const Array& ids) const {
  const Array x =
      nn::embedding(ids, model_ / "embed_tokens", config_.vocab_size, config_.hidden_size, dtype_);
  return config_.embedding_scale == 1 ? x : x * full({}, config_.embedding_scale, dtype_);
}

Array Decoder::norm(const Array& x, const nn::Weights& weights) const {
  return nn::rms_norm(x, weights, config_.norm, config_.norm_epsilon);
}

const LayerConfig& Decoder::layer_config(std::int64_t index) const {
  return config_.layers[static_cast<std::size_t>(index)];
}

void Decoder::make_ropes(const Array& positions) {
  ropes_.clear();
  for (const LayerConfig& layer : config_.layers)
    if (!ropes_.contains(layer.attention))
      ropes_.emplace(layer.attention, nn::rope_table(positions, config_.rope(layer.attention),
                                                     layer.head_dim, dtype_));
}

Array Decoder::mix_tokens(std::int64_t index, const Array& x, const nn::TokenRange& range) const {
  const LayerConfig& layer = layer_config(index);
  const nn::KvCache* cache = caches_.empty() ? nullptr : &caches_[static_cast<std::size_t>(index)];
  return nn::self_attention(x, layer_weights(index) / "self_attn", config_, layer,
                            ropes_.at(layer.attention), range, cache);
}

Array Decoder::feed_forward(std::int64_t index, const Array& x) const {
  if (layer_config(index).has_experts)
    return nn::expert_block(x, layer_weights(index) / config_.experts->names.block,
                            *config_.experts, config_.activation);
  return nn::gated_mlp(x, layer_weights(index) / "mlp", layer_config(index).intermediate_size,
                       config_.activation, config_.mlp_bias);
}

Array Decoder::layer(std::int64_t index, const Array& x, const nn::TokenRange& range) const {
  const nn::Weights weights = layer_weights(index);
  Scope scope(fmt::format("layers.{}", index));
  Array mixed = mix_tokens(index, norm(x, weights / "input_layernorm"), range);
  if (config_.post_norms)
    mixed = norm(mixed, weights / "post_attention_layernorm");
  const Array residual = x + mixed;
  const std::string_view before_mlp =
      config_.post_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm";
  Array mlp = feed_forward(index, norm(residual, weights / before_mlp));
  if (config_.post_norms)
    mlp = norm(mlp, weights / "post_feedforward_layernorm");
  return residual + mlp;
}

Array Decoder::forward(const Array& ids, const nn::TokenRange& range, HiddenStates* hidden) {
  make_ropes(range.positions(ids.dim(1)));
  Array x = embed(ids);
  if (hidden)
    hidden->push_back(x);
  const auto layers = static_cast<std::int64_t>(config_.layers.size());
  for (std::int64_t i = 0; i < layers; ++i) {
    x = layer(i, x, range);
    if (hidden && i + 1 < layers)
      hidden->push_back(x);
  }
  x = norm(x, model_ / "norm");
  if (hidden)
    hidden->push_back(x);
  return x;
}

Array Decoder::head(const Array& hidden) const {
  Scope scope("lm_head");
  const Shape shape{config_.vocab_size, config_.hidden_size};
  const nn::Weights module = head_.value_or(model_ / "embed_tokens");
  const Array logits = linear(hidden, module.matrix(shape)).astype(DType::f32);
  if (!config_.final_logit_softcap)
    return logits;
  return tanh(logits / *config_.final_logit_softcap) * *config_.final_logit_softcap;
}

nn::KvCache make_cache(const ModelConfig& config, std::int64_t layer, std::int64_t batch,
                       std::int64_t max_chunk, DType dtype) {
  const LayerConfig& at = config.layers[static_cast<std::size_t>(layer)];
  const bool sliding = at.attention == AttentionKind::sliding;
  const std::int64_t window_rows = config.sliding_window - 1 + max_chunk;
  const std::int64_t ring = sliding && window_rows < config.max_positions ? window_rows : 0;
  const auto state = [&](std::string_view part) {
    const std::string name = fmt::format("kv.{}.{}", layer, part);
    if (ring > 0)
      return State(name, dtype, {ring, batch, at.kv_heads, at.head_dim});
    return State::growable(name, dtype, {kFirstCacheRows, batch, at.kv_heads, at.head_dim});
  };
  return {state("key"), state("value"), ring};
}

}  // namespace ashlar
