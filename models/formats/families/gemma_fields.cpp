// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/gemma_fields.h"

#include <cmath>

namespace ashlar {

ModelConfig read_gemma_decoder(const JsonFields& fields, const DecoderDefaults& defaults) {
  ModelConfig config = read_decoder(fields, defaults);
  config.qkv_bias = config.output_bias = fields.flag("attention_bias").value_or(false);
  config.norm = NormKind::one_plus;
  config.tied_embeddings = true;
  config.embedding_scale = std::sqrt(static_cast<double>(config.hidden_size));
  return config;
}

std::optional<double> find_softcap(const JsonFields& fields, std::string_view key,
                                   double fallback) {
  return fields.contains(key) ? fields.positive_number(key) : fallback;
}

void read_gemma_layers(const JsonFields& fields, std::int64_t window, std::int64_t pattern,
                       ModelConfig& config) {
  config.sliding_window = find_sliding_window(fields, window).value_or(0);
  read_layer_types(fields, [&](std::int64_t layer) { return (layer + 1) % pattern != 0; }, config);
}

}  // namespace ashlar
