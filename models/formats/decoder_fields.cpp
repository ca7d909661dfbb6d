// SPDX-License-Identifier: Apache-2.0
#include "models/formats/decoder_fields.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "config";

std::int64_t read_head_dim(const JsonFields& fields, const DecoderDefaults& defaults,
                           const ModelConfig& config) {
  const auto given = fields.integer("head_dim", {1, kMaxHeadDim});
  if (given)
    return *given;
  if (defaults.head_dim != 0 && !fields.contains("head_dim"))
    return defaults.head_dim;
  if (config.hidden_size % config.attention_heads != 0)
    fields.fail("num_attention_heads",
                fmt::format("a divisor of hidden_size {}", config.hidden_size));
  return config.hidden_size / config.attention_heads;
}

void check_kv_heads(const JsonFields& fields, std::string_view key, std::int64_t heads,
                    std::int64_t attention_heads) {
  if (attention_heads % heads != 0)
    throw FormatError(kUnit, "{}: {}: expected a divisor of {} heads, got {}", fields.where(), key,
                      attention_heads, heads);
}

std::int64_t read_kv_heads(const JsonFields& fields, const DecoderDefaults& defaults,
                           std::int64_t attention_heads) {
  const bool own_default = defaults.kv_heads != 0 && !fields.contains("num_key_value_heads");
  const std::int64_t fallback = own_default ? defaults.kv_heads : attention_heads;
  const auto heads = fields.integer("num_key_value_heads", {1, kMaxHeads}).value_or(fallback);
  check_kv_heads(fields, "num_key_value_heads", heads, attention_heads);
  return heads;
}

void parse_layer_type(const JsonFields& fields, const std::string& name, bool recurrent,
                      LayerConfig& layer) {
  layer.mixer = name == "linear_attention" ? TokenMixer::gated_delta_net : TokenMixer::attention;
  layer.attention = name == "sliding_attention" ? AttentionKind::sliding : AttentionKind::full;
  if (name == "full_attention" || name == "sliding_attention" ||
      (recurrent && name == "linear_attention"))
    return;
  throw Unsupported(kUnit, "{}: layer_types: {} is not supported", fields.where(),
                    in_quotes(name, 40));
}

// Of a kind that no layer has, nothing is computed; any head size will do.
RopeContext rope_context(const JsonFields& fields, const ModelConfig& config, AttentionKind kind,
                         double theta, double partial_rotary_factor) {
  const LayerConfig* layer = config.find_layer(kind);
  RopeContext context;
  context.theta = theta;
  context.partial_rotary_factor =
      fields.positive_number("partial_rotary_factor").value_or(partial_rotary_factor);
  context.head_dim = (layer ? *layer : config.layers.front()).head_dim;
  context.max_positions = config.max_positions;
  context.original_max_positions =
      fields.integer("original_max_position_embeddings", {1, kMaxPositions});
  return context;
}

std::optional<JsonFields> find_rope_object(const JsonFields& fields) {
  for (const std::string_view key : {"rope_scaling", "rope_parameters"})
    if (const auto object = fields.object(key); object && !object->keys().empty())
      return object;
  return std::nullopt;
}

bool is_per_kind(const JsonFields& rope) {
  return rope.contains("full_attention") || rope.contains("sliding_attention");
}

RopeParameters parse_rope(const std::optional<JsonFields>& rope, const JsonFields& fields,
                          const RopeContext& context) {
  static const nlohmann::json kNothing = nlohmann::json::object();
  return parse_rope_parameters(rope ? *rope : JsonFields(kNothing, fields.where()), context);
}

// A kind of layer that the model has must be spelled out.
RopeParameters parse_rope_of_kind(const JsonFields& rope, AttentionKind kind,
                                  const RopeContext& context, const ModelConfig& config) {
  const std::string_view key = kind == AttentionKind::full ? "full_attention" : "sliding_attention";
  const auto object = rope.object(key);
  if (!object && config.find_layer(kind))
    rope.fail(key, "an object");
  return parse_rope(object, rope, context);
}

void refuse_other_keys(const JsonFields& rope) {
  for (const std::string& key : rope.keys())
    if (key != "full_attention" && key != "sliding_attention")
      throw Unsupported(kUnit, "{}: {} is not supported beside parameters per layer type",
                        rope.where(), in_quotes(key));
}

}  // namespace

Activation read_activation(const JsonFields& fields, std::string_view key,
                           std::string_view fallback) {
  const std::string name = fields.text(key).value_or(std::string(fallback));
  if (name == "silu" || name == "swish")
    return Activation::silu;
  if (name == "gelu")
    return Activation::gelu;
  if (name == "gelu_pytorch_tanh" || name == "gelu_new")
    return Activation::gelu_tanh;
  throw Unsupported(kUnit, "{}: {}: activation {} is not supported", fields.where(), key,
                    in_quotes(name, 40));
}

std::optional<DType> read_dtype(const JsonFields& fields) {
  auto name = fields.text("dtype");
  if (!name)
    name = fields.text("torch_dtype");
  if (!name)
    return std::nullopt;
  if (*name == "bfloat16")
    return DType::bf16;
  if (*name == "float16")
    return DType::f16;
  if (*name == "float32")
    return DType::f32;
  throw Unsupported(kUnit, "{}: dtype {} is not supported", fields.where(), in_quotes(*name, 40));
}

ModelConfig read_decoder(const JsonFields& fields, const DecoderDefaults& defaults) {
  const auto size = [&](std::string_view key, std::int64_t limit, std::int64_t fallback) {
    return fields.integer(key, {1, limit}).value_or(fallback);
  };
  ModelConfig config;
  config.vocab_size = size("vocab_size", kMaxVocabulary, defaults.vocab_size);
  config.hidden_size = size("hidden_size", kMaxWidth, defaults.hidden_size);
  config.attention_heads = size("num_attention_heads", kMaxHeads, defaults.attention_heads);
  config.max_positions = size("max_position_embeddings", kMaxPositions, defaults.max_positions);
  const LayerConfig layer{.attention = AttentionKind::full,
                          .kv_heads = read_kv_heads(fields, defaults, config.attention_heads),
                          .head_dim = read_head_dim(fields, defaults, config),
                          .intermediate_size =
                              size("intermediate_size", kMaxWidth, defaults.intermediate_size)};
  config.layers.assign(
      static_cast<std::size_t>(size("num_hidden_layers", kMaxLayers, defaults.layers)), layer);
  config.query_scale = 1 / std::sqrt(static_cast<double>(layer.head_dim));
  config.norm_epsilon = fields.positive_number("rms_norm_eps").value_or(defaults.norm_epsilon);
  config.activation = read_activation(fields, defaults.activation_key, defaults.activation);
  return config;
}

std::optional<std::int64_t> find_kv_heads(const JsonFields& fields, std::string_view key,
                                          std::int64_t attention_heads) {
  const auto heads = fields.integer(key, {1, kMaxHeads});
  if (heads)
    check_kv_heads(fields, key, *heads, attention_heads);
  return heads;
}

std::optional<std::int64_t> find_sliding_window(const JsonFields& fields,
                                                std::optional<std::int64_t> fallback) {
  if (!fields.contains("sliding_window"))
    return fallback;
  return fields.integer("sliding_window", {1, kMaxPositions});
}

void read_layer_types(const JsonFields& fields, const std::function<bool(std::int64_t)>& is_sliding,
                      ModelConfig& config) {
  const auto names = fields.texts("layer_types");
  if (names && names->size() != config.layers.size())
    throw FormatError(kUnit, "{}: layer_types: expected {} entries, got {}", fields.where(),
                      config.layers.size(), names->size());
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    if (names)
      parse_layer_type(fields, (*names)[i], config.recurrence.has_value(), config.layers[i]);
    else if (is_sliding(static_cast<std::int64_t>(i)))
      config.layers[i].attention = AttentionKind::sliding;
  }
}

void read_rope(const JsonFields& fields, const RopeDefaults& defaults, ModelConfig& config) {
  const double full_theta = fields.positive_number("rope_theta").value_or(defaults.theta);
  RopeContext full =
      rope_context(fields, config, AttentionKind::full, full_theta, defaults.partial_rotary_factor);
  full.query_scaling = defaults.query_scaling;
  const RopeContext sliding =
      rope_context(fields, config, AttentionKind::sliding,
                   defaults.sliding_theta.value_or(full_theta), defaults.partial_rotary_factor);
  const auto of_class = nlohmann::json::parse(defaults.parameters);
  const JsonFields rope = find_rope_object(fields).value_or(JsonFields(of_class, fields.where()));
  if (is_per_kind(rope)) {
    refuse_other_keys(rope);
    config.full_rope = parse_rope_of_kind(rope, AttentionKind::full, full, config);
    config.sliding_rope = parse_rope_of_kind(rope, AttentionKind::sliding, sliding, config);
    return;
  }
  config.full_rope = parse_rope_parameters(rope, full);
  config.sliding_rope =
      defaults.sliding_theta ? parse_rope(std::nullopt, fields, sliding) : config.full_rope;
}

void refuse_feature(const JsonFields& fields, std::string_view key) {
  if (fields.is_set(key))
    throw Unsupported(kUnit, "{}: {} is not supported", fields.where(), key);
}

}  // namespace ashlar
