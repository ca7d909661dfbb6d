// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/expert_fields.h"

namespace ashlar {

ModelConfig read_gpt_oss(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 201088,
                                             .hidden_size = 2880,
                                             .intermediate_size = 2880,
                                             .layers = 36,
                                             .attention_heads = 64,
                                             .kv_heads = 8,
                                             .head_dim = 64,
                                             .max_positions = 131072,
                                             .norm_epsilon = 1e-5});
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(true);
  config.norm = NormKind::plain_f32;
  config.attention_sinks = true;
  config.sliding_window = find_sliding_window(fields, 128).value_or(0);
  read_layer_types(fields, [](std::int64_t layer) { return layer % 2 == 0; }, config);
  ExpertsConfig experts = read_expert_counts(fields, 128, 4);
  experts.intermediate_size = config.layers.front().intermediate_size;
  experts.has_biases = experts.interleaved = true;
  experts.clamp = fields.positive_number("swiglu_limit").value_or(7);
  experts.names.router = "router";
  config.experts = experts;
  for (LayerConfig& layer : config.layers)
    layer.has_experts = true;
  read_rope(fields, {.parameters = R"({"rope_type": "yarn", "rope_theta": 150000, "factor": 32,
                               "beta_fast": 32, "beta_slow": 1, "truncate": false,
                               "original_max_position_embeddings": 4096})"},
            config);
  return config;
}

}  // namespace ashlar
