// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/families/qwen_layers.h"

namespace ashlar {

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

}  // namespace ashlar
