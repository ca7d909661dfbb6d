// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"

namespace ashlar {

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

}  // namespace ashlar
