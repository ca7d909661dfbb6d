// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/formats/json_fields.h"
#include "models/formats/model_config.h"

namespace ashlar {

// Sets layers and window: layers from `max_window_layers` on slide, if the window is switched on at
// all.
void read_qwen_layers(const JsonFields& fields, ModelConfig& config);

}  // namespace ashlar
