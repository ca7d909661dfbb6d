// SPDX-License-Identifier: Apache-2.0
#include "models/formats/families/qwen_layers.h"

#include "models/formats/decoder_fields.h"

namespace ashlar {

void read_qwen_layers(const JsonFields& fields, ModelConfig& config) {
  const std::int64_t first = fields.integer("max_window_layers", {.min = 0}).value_or(28);
  if (fields.flag("use_sliding_window").value_or(false))
    config.sliding_window = find_sliding_window(fields, 4096).value_or(0);
  read_layer_types(
      fields, [&](std::int64_t layer) { return config.sliding_window != 0 && layer >= first; },
      config);
}

}  // namespace ashlar
