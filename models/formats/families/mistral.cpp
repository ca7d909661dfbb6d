// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/families/mistral_layers.h"

namespace ashlar {

ModelConfig read_mistral(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 32000,
                                             .hidden_size = 4096,
                                             .intermediate_size = 14336,
                                             .layers = 32,
                                             .attention_heads = 32,
                                             .kv_heads = 8,
                                             .head_dim = 0,
                                             .max_positions = 131072});
  set_mistral_layers(find_sliding_window(fields, 4096), config);
  read_rope(fields, {}, config);
  return config;
}

}  // namespace ashlar
