// SPDX-License-Identifier: Apache-2.0
#include "models/formats/model_families.h"

#include "models/formats/decoder_fields.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <cmath>
#include <string>

namespace ashlar {
namespace {

ModelConfig read_llama(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 32000,
                                             .hidden_size = 4096,
                                             .intermediate_size = 11008,
                                             .layers = 32,
                                             .attention_heads = 32,
                                             .kv_heads = 0,
                                             .head_dim = 0,
                                             .max_positions = 2048});
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(false);
  config.mlp_bias = fields.flag("mlp_bias").value_or(false);
  read_rope(fields, {}, config);
  return config;
}

// Layers from `max_window_layers` on slide, if the window is switched on at all.
void read_qwen_layers(const JsonFields& fields, ModelConfig& config) {
  const std::int64_t first = fields.integer("max_window_layers", {.min = 0}).value_or(28);
  if (fields.flag("use_sliding_window").value_or(false))
    config.sliding_window = find_sliding_window(fields, 4096).value_or(0);
  read_layer_types(
      fields, [&](std::int64_t layer) { return config.sliding_window != 0 && layer >= first; },
      config);
}

ModelConfig read_qwen2(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 151936,
                                             .hidden_size = 4096,
                                             .intermediate_size = 22016,
                                             .layers = 32,
                                             .attention_heads = 32,
                                             .kv_heads = 32,
                                             .head_dim = 0,
                                             .max_positions = 32768});
  config.qkv_bias = true;
  read_qwen_layers(fields, config);
  read_rope(fields, {}, config);
  return config;
}

ModelConfig read_qwen3(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 151936,
                                             .hidden_size = 4096,
                                             .intermediate_size = 22016,
                                             .layers = 32,
                                             .attention_heads = 32,
                                             .kv_heads = 32,
                                             .head_dim = 128,
                                             .max_positions = 32768});
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(false);
  config.qk_norm = true;
  read_qwen_layers(fields, config);
  read_rope(fields, {}, config);
  return config;
}

ModelConfig read_mistral(const JsonFields& fields) {
  refuse_feature(fields, "attention_bias");
  ModelConfig config = read_decoder(fields, {.vocab_size = 32000,
                                             .hidden_size = 4096,
                                             .intermediate_size = 14336,
                                             .layers = 32,
                                             .attention_heads = 32,
                                             .kv_heads = 8,
                                             .head_dim = 0,
                                             .max_positions = 131072});
  config.sliding_window = find_sliding_window(fields, 4096).value_or(0);
  if (config.sliding_window != 0)
    config.layers.assign(config.layers.size(), AttentionKind::sliding);
  read_rope(fields, {}, config);
  return config;
}

// Every `sliding_window_pattern`-th layer is full.
void read_gemma3_layers(const JsonFields& fields, ModelConfig& config) {
  const IntegerRange range{1, kMaxLayers};
  const auto own = fields.integer("_sliding_window_pattern", range);
  const std::int64_t pattern =
      fields.integer("sliding_window_pattern", range).value_or(own.value_or(6));
  config.sliding_window = find_sliding_window(fields, 4096).value_or(0);
  read_layer_types(fields, [&](std::int64_t layer) { return (layer + 1) % pattern != 0; }, config);
}

ModelConfig read_gemma3(const JsonFields& fields) {
  refuse_feature(fields, "attn_logit_softcapping");
  refuse_feature(fields, "use_bidirectional_attention");
  ModelConfig config = read_decoder(fields, {.vocab_size = 262208,
                                             .hidden_size = 2304,
                                             .intermediate_size = 9216,
                                             .layers = 26,
                                             .attention_heads = 8,
                                             .kv_heads = 4,
                                             .head_dim = 256,
                                             .max_positions = 131072,
                                             .activation_key = "hidden_activation",
                                             .activation = "gelu_pytorch_tanh"});
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(false);
  config.qk_norm = true;
  config.norm = NormKind::one_plus;
  config.post_norms = true;
  config.tied_embeddings = true;
  config.embedding_scale = std::sqrt(static_cast<double>(config.hidden_size));
  config.query_scale = 1 / std::sqrt(fields.positive_number("query_pre_attn_scalar").value_or(256));
  config.final_logit_softcap = fields.positive_number("final_logit_softcapping");
  read_gemma3_layers(fields, config);
  const double local_theta = fields.positive_number("rope_local_base_freq").value_or(1e4);
  read_rope(fields, {.theta = 1e6, .sliding_theta = local_theta}, config);
  return config;
}

constexpr ModelFamily kFamilies[] = {
    {"llama", "", read_llama},        {"qwen2", "", read_qwen2},
    {"qwen3", "", read_qwen3},        {"mistral", "", read_mistral},
    {"gemma3_text", "", read_gemma3}, {"gemma3", "gemma3_text", read_gemma3},
};

}  // namespace

const ModelFamily& find_model_family(std::string_view model_type, std::string_view file) {
  std::string known;
  for (const ModelFamily& family : kFamilies) {
    if (family.model_type == model_type)
      return family;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", family.model_type);
  }
  throw Unsupported("config", "{}: model type {} is not supported: expected one of {}", file,
                    in_quotes(model_type, 40), known);
}

}  // namespace ashlar
