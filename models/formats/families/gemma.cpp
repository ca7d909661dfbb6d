// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/gemma_fields.h"
#include "models/formats/families/readers.h"

namespace ashlar {

ModelConfig read_gemma(const JsonFields& fields) {
  refuse_feature(fields, "use_bidirectional_attention");
  // Files of 2024 may say what their `hidden_act` really is in a key of its own.
  const bool corrected = fields.is_set("hidden_activation");
  ModelConfig config =
      read_gemma_decoder(fields, {.vocab_size = 256000,
                                  .hidden_size = 3072,
                                  .intermediate_size = 24576,
                                  .layers = 28,
                                  .attention_heads = 16,
                                  .kv_heads = 16,
                                  .head_dim = 256,
                                  .max_positions = 8192,
                                  .activation_key = corrected ? "hidden_activation" : "hidden_act",
                                  .activation = "gelu_pytorch_tanh"});
  read_rope(fields, {}, config);
  return config;
}

}  // namespace ashlar
