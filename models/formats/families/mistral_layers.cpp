// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/mistral_layers.h"

namespace ashlar {

void set_mistral_layers(std::optional<std::int64_t> window, ModelConfig& config) {
  if (!window)
    return;
  config.sliding_window = *window;
  for (LayerConfig& layer : config.layers)
    layer.attention = AttentionKind::sliding;
}

}  // namespace ashlar
