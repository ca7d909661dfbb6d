// SPDX-License-Identifier: Apache-2.0
#include "models/formats/decoder_fields.h"
#include "models/formats/families/mistral_layers.h"
#include "models/formats/families/readers.h"

namespace ashlar {

ModelConfig read_ministral3(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 131072,
                                             .hidden_size = 4096,
                                             .intermediate_size = 14336,
                                             .layers = 34,
                                             .attention_heads = 32,
                                             .kv_heads = 8,
                                             .head_dim = 128,
                                             .max_positions = 262144,
                                             .norm_epsilon = 1e-5});
  set_mistral_layers(find_sliding_window(fields, std::nullopt), config);
  read_rope(fields,
            {.theta = 1e6,
             .query_scaling = true,
             .parameters = R"({"rope_type": "yarn", "factor": 16, "mscale": 1, "mscale_all_dim": 1,
                               "original_max_position_embeddings": 16384,
                               "llama_4_scaling_beta": 0.1})"},
            config);
  return config;
}

}  // namespace ashlar
