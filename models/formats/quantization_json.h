// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "models/formats/quantization_config.h"

#include <nlohmann/json_fwd.hpp>

namespace ashlar {

// `quantization` of a config.json as MLX writes it, of modules as programs read them: those of
// small floats, which become plain floats, are not quantised. Null where nothing is.
nlohmann::json to_json(const QuantizationConfig& quantization);

}  // namespace ashlar
