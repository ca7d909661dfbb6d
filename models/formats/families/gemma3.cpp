// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"

#include <cmath>

namespace ashlar {
namespace {

// Every `sliding_window_pattern`-th layer is full.
void read_gemma3_layers(const JsonFields& fields, ModelConfig& config) {
  const IntegerRange range{1, kMaxLayers};
  const auto own = fields.integer("_sliding_window_pattern", range);
  const std::int64_t pattern =
      fields.integer("sliding_window_pattern", range).value_or(own.value_or(6));
  config.sliding_window = find_sliding_window(fields, 4096).value_or(0);
  read_layer_types(fields, [&](std::int64_t layer) { return (layer + 1) % pattern != 0; }, config);
}

}  // namespace

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

}  // namespace ashlar
