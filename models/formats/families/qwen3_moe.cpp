// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/readers.h"

#include "models/formats/decoder_fields.h"
#include "models/formats/expert_fields.h"
#include "models/formats/families/mistral_layers.h"

namespace ashlar {

ModelConfig read_qwen3_moe(const JsonFields& fields) {
  ModelConfig config = read_decoder(fields, {.vocab_size = 151936,
                                             .hidden_size = 2048,
                                             .intermediate_size = 6144,
                                             .layers = 24,
                                             .attention_heads = 32,
                                             .kv_heads = 4,
                                             .head_dim = 0,
                                             .max_positions = 32768});
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(false);
  config.qk_norm = true;
  const bool slides = fields.flag("use_sliding_window").value_or(false);
  set_mistral_layers(slides ? find_sliding_window(fields, 4096) : std::nullopt, config);
  read_qwen_experts(
      fields, {.count = 128, .chosen = 8, .intermediate_size = 768, .normalised = false}, config);
  read_rope(fields, {}, config);
  return config;
}

}  // namespace ashlar
