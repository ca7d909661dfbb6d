// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/gemma_fields.h"
#include "models/formats/families/readers.h"

#include <cmath>

namespace ashlar {

ModelConfig read_gemma2(const JsonFields& fields) {
  refuse_feature(fields, "use_bidirectional_attention");
  ModelConfig config = read_gemma_decoder(fields, {.vocab_size = 256000,
                                                   .hidden_size = 2304,
                                                   .intermediate_size = 9216,
                                                   .layers = 26,
                                                   .attention_heads = 8,
                                                   .kv_heads = 4,
                                                   .head_dim = 256,
                                                   .max_positions = 8192,
                                                   .activation_key = "hidden_activation",
                                                   .activation = "gelu_pytorch_tanh"});
  config.post_norms = true;
  config.query_scale = 1 / std::sqrt(fields.positive_number("query_pre_attn_scalar").value_or(256));
  config.attention_softcap = find_softcap(fields, "attn_logit_softcapping", 50);
  config.final_logit_softcap = find_softcap(fields, "final_logit_softcapping", 30);
  read_gemma_layers(fields, 4096, 2, config);
  read_rope(fields, {}, config);
  return config;
}

}  // namespace ashlar
