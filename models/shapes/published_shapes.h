// SPDX-License-Identifier: Apache-2.0
// The published sizes of well-known models, for measuring speed without their checkpoints.
#pragma once

#include "models/formats/model_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// "llama-3.2-1b", "llama-3.1-8b", "qwen3-0.6b", ...
std::vector<std::string> published_shape_names();

// Throws InvalidArgument, listing the known names.
ModelConfig published_shape(std::string_view name);

}  // namespace ashlar
