// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/gemma_fields.h"
#include "models/formats/families/readers.h"

#include <cmath>

namespace ashlar {
namespace {

std::int64_t read_pattern(const JsonFields& fields) {
  const IntegerRange range{1, kMaxLayers};
  const auto own = fields.integer("_sliding_window_pattern", range);
  return fields.integer("sliding_window_pattern", range).value_or(own.value_or(6));
}

}  // namespace

ModelConfig read_gemma3(const JsonFields& fields) {
  refuse_feature(fields, "use_bidirectional_attention");
  ModelConfig config = read_gemma_decoder(fields, {.vocab_size = 262208,
                                                   .hidden_size = 2304,
                                                   .intermediate_size = 9216,
                                                   .layers = 26,
                                                   .attention_heads = 8,
                                                   .kv_heads = 4,
                                                   .head_dim = 256,
                                                   .max_positions = 131072,
                                                   .activation_key = "hidden_activation",
                                                   .activation = "gelu_pytorch_tanh"});
  config.qk_norm = true;
  config.post_norms = true;
  config.query_scale = 1 / std::sqrt(fields.positive_number("query_pre_attn_scalar").value_or(256));
  config.final_logit_softcap = fields.positive_number("final_logit_softcapping");
  read_gemma_layers(fields, 4096, read_pattern(fields), config);
  const double local_theta = fields.positive_number("rope_local_base_freq").value_or(1e4);
  read_rope(fields, {.theta = 1e6, .sliding_theta = local_theta}, config);
  return config;
}

}  // namespace ashlar
