// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/qwen_hybrid.h"
#include "models/formats/families/readers.h"

#include "models/formats/expert_fields.h"

namespace ashlar {

ModelConfig read_qwen3_next(const JsonFields& fields) {
  ModelConfig config = read_qwen_hybrid(fields, {.vocab_size = 151936,
                                                 .hidden_size = 2048,
                                                 .intermediate_size = 5632,
                                                 .layers = 48,
                                                 .attention_heads = 16,
                                                 .kv_heads = 2,
                                                 .head_dim = 256,
                                                 .max_positions = 32768});
  read_qwen_experts(
      fields,
      {.count = 512, .chosen = 10, .intermediate_size = 512, .shared_intermediate_size = 512},
      config);
  return config;
}

}  // namespace ashlar
