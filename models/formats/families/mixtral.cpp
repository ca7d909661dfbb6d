// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/expert_fields.h"
#include "models/formats/families/mistral_layers.h"

namespace ashlar {

ModelConfig read_mixtral(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 32000,
                                             .hidden_size = 4096,
                                             .intermediate_size = 14336,
                                             .layers = 32,
                                             .attention_heads = 32,
                                             .kv_heads = 8,
                                             .head_dim = 0,
                                             .max_positions = 131072,
                                             .norm_epsilon = 1e-5});
  set_mistral_layers(find_sliding_window(fields, std::nullopt), config);
  ExpertsConfig experts = read_expert_counts(fields, 8, 2);
  experts.intermediate_size = config.layers.front().intermediate_size;
  experts.names = {.block = "block_sparse_moe", .gate = "w1", .up = "w3", .down = "w2"};
  config.experts = experts;
  for (LayerConfig& layer : config.layers)
    layer.has_experts = true;
  read_rope(fields, {.theta = 1e6}, config);
  return config;
}

}  // namespace ashlar
