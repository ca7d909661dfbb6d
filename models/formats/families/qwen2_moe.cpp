// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/expert_fields.h"
#include "models/formats/families/qwen_layers.h"

namespace ashlar {

ModelConfig read_qwen2_moe(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 151936,
                                             .hidden_size = 2048,
                                             .intermediate_size = 5632,
                                             .layers = 24,
                                             .attention_heads = 16,
                                             .kv_heads = 16,
                                             .head_dim = 0,
                                             .max_positions = 32768});
  config.qkv_bias = fields.flag("qkv_bias").value_or(true);
  read_qwen_layers(fields, config);
  read_qwen_experts(fields,
                    {.count = 60,
                     .chosen = 4,
                     .intermediate_size = 1408,
                     .normalised = false,
                     .shared_intermediate_size = 5632},
                    config);
  read_rope(fields, {}, config);
  return config;
}

}  // namespace ashlar
