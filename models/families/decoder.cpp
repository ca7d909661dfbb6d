// SPDX-License-Identifier: Apache-2.0
#include "models/families/decoder.h"

#include "models/nn/causal_conv.h"
#include "models/nn/experts.h"
#include "models/nn/gated_delta_net.h"
#include "models/nn/layers.h"
#include "models/nn/mamba2.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ashlar {
namespace {

// A growing cache starts with this many rows and doubles from there.
constexpr std::int64_t kFirstCacheRows = 256;

bool has_embeddings(const nn::Weights& model, const DecoderNames& names) {
  return (model / names.embeddings).has("weight");
}

// Where the decoder's tensors start: multimodal wrappers put it under a prefix, old or new.
nn::Weights decoder_root(const nn::Weights& root, const DecoderNames& names) {
  for (std::string_view prefix : {"language_model", "model.language_model"})
    if (has_embeddings(root / prefix / names.model, names) || has_embeddings(root / prefix, names))
      return root / prefix;
  return root;
}

nn::Weights model_root(const nn::Weights& weights, const DecoderNames& names) {
  const nn::Weights root = decoder_root(weights, names);
  return has_embeddings(root / names.model, names) ? root / names.model : root;
}

// Beside the decoder, or at the top of a wrapper's checkpoint. Tied heads need none, whatever the
// file holds; a file without one ties it to the embedding.
std::optional<nn::Weights> find_head(const ModelConfig& config, const nn::Weights& weights,
                                     const DecoderNames& names) {
  for (const nn::Weights& root : {decoder_root(weights, names), weights})
    if (!config.tied_embeddings && root.has("lm_head.weight"))
      return root / "lm_head";
  return std::nullopt;
}

// MLX converts gated delta nets with the ones added to their norms' weights. Its convolutions tell.
bool has_whole_norms(const ModelConfig& config, const nn::Weights& model) {
  const auto layer =
      std::ranges::find(config.layers, TokenMixer::gated_delta_net, &LayerConfig::mixer);
  return layer != config.layers.end() &&
         nn::is_conv_of_mlx(model / "layers" / (layer - config.layers.begin()) /
                            name_of(TokenMixer::gated_delta_net) / "conv1d");
}

// By a factor that is not rounded to the type of x.
Array scaled(const Array& x, double factor) {
  return (x.astype(DType::f32) * factor).astype(x.dtype());
}

}  // namespace

Decoder::Decoder(const ModelConfig& config, const nn::Weights& weights,
                 std::vector<LayerState> states, DType dtype)
    : config_(config), names_(decoder_names(config)), model_(model_root(weights, names_)),
      head_(find_head(config, weights, names_)), states_(std::move(states)), dtype_(dtype) {
  if (has_whole_norms(config_, model_))
    config_.norm = NormKind::plain_f32;
}

Array Decoder::embed(const Array& ids) const {
  const Array x = nn::embedding(ids, model_ / names_.embeddings, config_.vocab_size,
                                config_.hidden_size, dtype_);
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
    if (layer.mixer == TokenMixer::attention && !ropes_.contains(layer.attention))
      ropes_.emplace(layer.attention, nn::rope_table(positions, config_.rope(layer.attention),
                                                     layer.head_dim, dtype_));
}

Array Decoder::attend(std::int64_t index, const Array& x, const nn::Weights& weights,
                      const nn::TokenRange& range, const nn::KvCache* cache) {
  const LayerConfig& layer = layer_config(index);
  const nn::RopeTable& rope = ropes_.at(layer.attention);
  if (!layer.kv_source)
    seen_.insert_or_assign(index, nn::key_values(x, weights, config_, layer, rope, range, cache));
  const nn::KeyValues& seen = seen_.at(layer.kv_source.value_or(index));
  return nn::self_attention(x, weights, config_, layer, rope, range, seen);
}

Array Decoder::mix_tokens(std::int64_t index, const Array& x, const nn::TokenRange& range) {
  const LayerConfig& layer = layer_config(index);
  const nn::Weights weights = layer_weights(index) / name_of(layer.mixer);
  const LayerState* state = states_.empty() ? nullptr : &states_[static_cast<std::size_t>(index)];
  switch (layer.mixer) {
  case TokenMixer::attention:
    return attend(index, x, weights, range, std::get_if<nn::KvCache>(state));
  case TokenMixer::gated_delta_net:
    return nn::gated_delta_net(x, weights, config_, range, std::get_if<nn::RecurrentState>(state));
  case TokenMixer::mamba2:
    return nn::mamba2(x, weights, config_, range, std::get_if<nn::RecurrentState>(state));
  }
  __builtin_unreachable();
}

Array Decoder::feed_forward(std::int64_t index, const Array& x) const {
  if (layer_config(index).has_experts && !config_.experts->beside_mlp)
    return nn::expert_block(x, layer_weights(index) / config_.experts->names.block,
                            *config_.experts, config_.activation);
  return nn::gated_mlp(x, layer_weights(index) / "mlp", layer_config(index).intermediate_size,
                       config_.activation, config_.mlp_bias);
}

Array Decoder::experts_beside(std::int64_t index, const Array& mlp, const Array& residual) const {
  const nn::Weights weights = layer_weights(index);
  const Array mixed =
      nn::scaled_experts(norm(residual, weights / "pre_feedforward_layernorm_2"), residual, weights,
                         *config_.experts, config_.activation, config_.norm_epsilon);
  return norm(mlp, weights / "post_feedforward_layernorm_1") +
         norm(mixed, weights / "post_feedforward_layernorm_2");
}

Array Decoder::per_layer_embeddings(const Array& ids, const Array& embedded) const {
  Scope scope("per_layer_embeddings");
  const auto layers = static_cast<std::int64_t>(config_.layers.size());
  const PerLayerEmbedding& size = *config_.per_layer_embedding;
  const double width = static_cast<double>(size.width);
  const Array looked_up = nn::embedding(ids, model_ / "embed_tokens_per_layer", size.vocab_size,
                                        layers * size.width, dtype_) *
                          full({}, std::sqrt(width), dtype_);
  const Array projected =
      nn::linear(embedded, model_ / "per_layer_model_projection", layers * size.width, false);
  const double shrink = 1 / std::sqrt(static_cast<double>(config_.hidden_size));
  const Array normed = norm(unflatten(scaled(projected, shrink), -1, {layers, size.width}),
                            model_ / "per_layer_projection_norm");
  return scaled(normed + unflatten(looked_up, -1, {layers, size.width}), std::numbers::sqrt2 / 2);
}

Array Decoder::embed_in_layer(std::int64_t index, const Array& x) const {
  const nn::Weights weights = layer_weights(index);
  const Array own = squeeze((*per_layer_)(Slice(), Slice(), Slice(index, index + 1)), 2);
  const Array gate = nn::linear(x, weights / "per_layer_input_gate", own.dim(-1), false);
  const Array gated = nn::activate(gate, config_.activation) * own;
  return norm(nn::linear(gated, weights / "per_layer_projection", config_.hidden_size, false),
              weights / "post_per_layer_input_norm");
}

Array Decoder::layer(std::int64_t index, const Array& x, const nn::TokenRange& range) {
  const nn::Weights weights = layer_weights(index);
  Scope scope(fmt::format("layers.{}", index));
  Array mixed = mix_tokens(index, norm(x.astype(dtype_), weights / names_.mixer_norm), range);
  if (config_.post_norms)
    mixed = norm(mixed, weights / "post_attention_layernorm");
  const Array residual = x + mixed;
  if (!layer_config(index).has_feed_forward())
    return residual;
  const std::string_view before_mlp =
      config_.post_norms ? "pre_feedforward_layernorm" : "post_attention_layernorm";
  Array mlp = feed_forward(index, norm(residual, weights / before_mlp));
  if (layer_config(index).has_experts && config_.experts->beside_mlp)
    mlp = experts_beside(index, mlp, residual);
  if (config_.post_norms)
    mlp = norm(mlp, weights / "post_feedforward_layernorm");
  Array sum = residual + mlp;
  if (per_layer_)
    sum = sum + embed_in_layer(index, sum);
  return config_.layer_scalar ? sum * weights.get("layer_scalar", {1}).astype(dtype_) : sum;
}

Array Decoder::forward(const Array& ids, const nn::TokenRange& range, HiddenStates* hidden) {
  make_ropes(range.positions(ids.dim(1)));
  Array x = config_.f32_residual ? embed(ids).astype(DType::f32) : embed(ids);
  if (config_.per_layer_embedding)
    per_layer_ = per_layer_embeddings(ids, x);
  if (hidden)
    hidden->push_back(x);
  const auto layers = static_cast<std::int64_t>(config_.layers.size());
  for (std::int64_t i = 0; i < layers; ++i) {
    x = layer(i, x, range);
    if (hidden && i + 1 < layers)
      hidden->push_back(x);
  }
  x = norm(x, model_ / names_.final_norm).astype(dtype_);
  if (hidden)
    hidden->push_back(x);
  return x;
}

Array Decoder::head(const Array& hidden) const {
  Scope scope("lm_head");
  const Shape shape{config_.vocab_size, config_.hidden_size};
  const nn::Weights module = head_.value_or(model_ / names_.embeddings);
  const auto [matrix, order] = module.ordered_matrix(shape);
  const Array logits = linear(order ? take(hidden, *order, -1) : hidden, matrix).astype(DType::f32);
  if (!config_.final_logit_softcap)
    return logits;
  return tanh(logits / *config_.final_logit_softcap) * *config_.final_logit_softcap;
}

static nn::RecurrentState make_recurrent_state(const RecurrenceConfig& sizes, std::int64_t layer,
                                               std::int64_t batch, DType dtype) {
  return {State(fmt::format("recurrence.{}.conv", layer), dtype,
                {sizes.conv_kernel - 1, batch, sizes.conv_channels()}),
          State(fmt::format("recurrence.{}.memory", layer), DType::f32,
                {batch, sizes.groups, sizes.heads / sizes.groups, sizes.value_dim, sizes.key_dim})};
}

LayerState make_layer_state(const ModelConfig& config, std::int64_t layer, std::int64_t batch,
                            std::int64_t max_chunk, DType dtype) {
  const LayerConfig& at = config.layers[static_cast<std::size_t>(layer)];
  if (at.mixer != TokenMixer::attention)
    return make_recurrent_state(*config.recurrence, layer, batch, dtype);
  if (at.kv_source)
    return std::monostate();
  const bool sliding = at.attention == AttentionKind::sliding;
  const std::int64_t window_rows = config.sliding_window - 1 + max_chunk;
  const std::int64_t ring = sliding && window_rows < config.max_positions ? window_rows : 0;
  const auto state = [&](std::string_view part) {
    const std::string name = fmt::format("kv.{}.{}", layer, part);
    if (ring > 0)
      return State(name, dtype, {ring, batch, at.kv_heads, at.head_dim});
    return State::growable(name, dtype, {kFirstCacheRows, batch, at.kv_heads, at.head_dim});
  };
  return nn::KvCache{state("key"), state("value"), ring};
}

}  // namespace ashlar
