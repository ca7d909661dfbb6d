// SPDX-License-Identifier: Apache-2.0
#include "models/formats/expert_fields.h"
#include "models/formats/families/gemma_fields.h"
#include "models/formats/families/readers.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <charconv>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";

// Images may let their tokens see each other; text stays causal.
void check_direction(const JsonFields& fields) {
  const auto kind = fields.text("use_bidirectional_attention");
  if (kind && *kind != "vision")
    throw Unsupported(kUnit, "{}: use_bidirectional_attention: {} is not supported", fields.where(),
                      in_quotes(*kind, 40));
}

void read_layers(const JsonFields& fields, ModelConfig& config) {
  const auto last = static_cast<std::int64_t>(config.layers.size()) - 1;
  config.sliding_window = find_sliding_window(fields, 512).value_or(0);
  read_layer_types(
      fields, [&](std::int64_t layer) { return (layer + 1) % 6 != 0 && layer != last; }, config);
  if (config.layers.back().attention != AttentionKind::full)
    throw Unsupported(kUnit, "{}: layer_types: a last layer that slides is not supported",
                      fields.where());
}

// Sizes of heads that are not the model's own.
void read_layer_sizes(const JsonFields& sizes, const ModelConfig& config, LayerConfig& layer) {
  for (const std::string& key : sizes.keys())
    if (key != "head_dim" && key != "num_key_value_heads")
      throw Unsupported(kUnit, "{}: {} is not supported", sizes.where(), in_quotes(key));
  layer.head_dim = sizes.integer("head_dim", {1, kMaxHeadDim}).value_or(layer.head_dim);
  layer.kv_heads =
      find_kv_heads(sizes, "num_key_value_heads", config.attention_heads).value_or(layer.kv_heads);
}

std::size_t layer_index(const JsonFields& by_layer, const std::string& key, std::size_t layers) {
  std::size_t index = layers;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || end != key.data() + key.size() || index >= layers)
    throw FormatError(kUnit, "{}: expected numbers of layers below {}, got {}", by_layer.where(),
                      layers, in_quotes(key, 40));
  return index;
}

// The older spelling: full layers differ from the others.
void read_global_sizes(const JsonFields& fields, bool own_kv_heads, ModelConfig& config) {
  const std::int64_t head_dim = fields.integer("global_head_dim", {1, kMaxHeadDim}).value_or(512);
  const auto kv_heads = find_kv_heads(fields, "num_global_key_value_heads", config.attention_heads);
  for (LayerConfig& layer : config.layers)
    if (layer.attention == AttentionKind::full) {
      layer.head_dim = head_dim;
      if (own_kv_heads && kv_heads)
        layer.kv_heads = *kv_heads;
    }
}

void read_head_sizes(const JsonFields& fields, bool value_is_key, ModelConfig& config) {
  const auto by_layer = fields.object("per_layer_config");
  if (!by_layer)
    return read_global_sizes(fields, value_is_key, config);
  for (const std::string& key : by_layer->keys()) {
    const auto sizes = by_layer->object(key);
    if (!sizes)
      by_layer->fail(key, "an object");
    read_layer_sizes(*sizes, config,
                     config.layers[layer_index(*by_layer, key, config.layers.size())]);
  }
  for (const LayerConfig& layer : config.layers)
    if (layer.head_dim != config.find_layer(layer.attention)->head_dim)
      throw Unsupported(kUnit, "{}: head sizes that differ within a layer type are not supported",
                        by_layer->where());
}

std::int64_t source_of(const JsonFields& fields, const ModelConfig& config, std::int64_t layer,
                       std::int64_t first_shared) {
  const LayerConfig& own = config.layers[static_cast<std::size_t>(layer)];
  for (std::int64_t source = first_shared - 1; source >= 0; --source) {
    const LayerConfig& other = config.layers[static_cast<std::size_t>(source)];
    if (other.attention == own.attention && other.kv_heads == own.kv_heads)
      return source;
  }
  throw FormatError(kUnit, "{}: num_kv_shared_layers: no earlier layer has the keys of layer {}",
                    fields.where(), layer);
}

// The last layers see the keys and values of earlier ones, and may have twice the MLP.
void share_keys(const JsonFields& fields, ModelConfig& config) {
  const auto layers = static_cast<std::int64_t>(config.layers.size());
  const std::int64_t shared = fields.integer("num_kv_shared_layers", {0, layers - 1}).value_or(0);
  const bool wide = fields.flag("use_double_wide_mlp").value_or(false);
  for (std::int64_t i = layers - shared; i < layers; ++i) {
    LayerConfig& layer = config.layers[static_cast<std::size_t>(i)];
    layer.kv_source = source_of(fields, config, i, layers - shared);
    if (wide)
      layer.intermediate_size *= 2;
  }
}

void read_per_layer_embedding(const JsonFields& fields, ModelConfig& config) {
  const std::int64_t width =
      fields.integer("hidden_size_per_layer_input", {0, kMaxWidth}).value_or(256);
  if (width == 0)
    return;
  const IntegerRange rows{config.vocab_size, kMaxVocabulary};
  config.per_layer_embedding = {
      .vocab_size = fields.integer("vocab_size_per_layer_input", rows).value_or(262144),
      .width = width};
}

}  // namespace

ModelConfig read_gemma4(const JsonFields& fields) {
  check_direction(fields);
  ModelConfig config = read_gemma_decoder(fields, {.vocab_size = 262144,
                                                   .hidden_size = 2304,
                                                   .intermediate_size = 9216,
                                                   .layers = 30,
                                                   .attention_heads = 8,
                                                   .kv_heads = 4,
                                                   .head_dim = 256,
                                                   .max_positions = 131072,
                                                   .activation_key = "hidden_activation",
                                                   .activation = "gelu_pytorch_tanh"});
  config.norm = NormKind::plain_f32;
  config.qk_norm = config.value_norm = config.post_norms = config.layer_scalar = true;
  config.query_scale = 1;
  config.final_logit_softcap = fields.positive_number("final_logit_softcapping");
  read_layers(fields, config);
  const bool value_is_key = fields.flag("attention_k_eq_v").value_or(false);
  read_head_sizes(fields, value_is_key, config);
  for (LayerConfig& layer : config.layers)
    layer.value_is_key = value_is_key && layer.attention == AttentionKind::full;
  share_keys(fields, config);
  if (fields.flag("enable_moe_block").value_or(false)) {
    config.experts = read_gemma_experts(fields);
    for (LayerConfig& layer : config.layers)
      layer.has_experts = true;
  }
  read_per_layer_embedding(fields, config);
  read_rope(fields, {.parameters = R"({"sliding_attention": {"rope_theta": 10000},
                               "full_attention": {"rope_type": "proportional", "rope_theta": 1e6,
                                                  "partial_rotary_factor": 0.25}})"},
            config);
  return config;
}

}  // namespace ashlar
