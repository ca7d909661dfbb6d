// SPDX-License-Identifier: Apache-2.0
// What sets Gemma 4 apart: sizes by the kind of layer, shared keys, and a second embedding.
#pragma once

#include "models/formats/gguf/file_set.h"

#include <nlohmann/json.hpp>

#include <vector>

namespace ashlar::gguf {

// Adds to a config that has `num_hidden_layers` and `num_attention_heads`. `fields`: the
// architecture's; `slides`: of each layer.
void add_gemma4(const FileSet& files, const Fields& fields, const std::vector<bool>& slides,
                nlohmann::json& config);

}  // namespace ashlar::gguf
