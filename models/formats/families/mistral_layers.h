// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/formats/model_config.h"

#include <cstdint>
#include <optional>

namespace ashlar {

// All layers slide, if there is a window.
void set_mistral_layers(std::optional<std::int64_t> window, ModelConfig& config);

}  // namespace ashlar
