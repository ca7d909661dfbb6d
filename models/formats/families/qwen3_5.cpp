// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/qwen_hybrid.h"
#include "models/formats/families/readers.h"

namespace ashlar {

ModelConfig read_qwen3_5(const JsonFields& fields) {
  refuse_ungated_attention(fields);
  return read_qwen_hybrid(fields, {.vocab_size = 248320,
                                   .hidden_size = 4096,
                                   .intermediate_size = 12288,
                                   .layers = 32,
                                   .attention_heads = 16,
                                   .kv_heads = 4,
                                   .head_dim = 256,
                                   .max_positions = 32768});
}

}  // namespace ashlar
