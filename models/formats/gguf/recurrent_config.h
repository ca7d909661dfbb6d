// SPDX-License-Identifier: Apache-2.0
// What sets models with recurrent layers apart: the sizes of their memories.
#pragma once

#include "models/formats/gguf/fields.h"
#include "models/formats/model_config.h"

#include <nlohmann/json.hpp>

namespace ashlar::gguf {

// Adds gated delta nets and which layers they are to a config that has `num_hidden_layers`.
// `fields`: the architecture's. Throws FormatError for sizes that are missing or do not fit each
// other.
void add_delta_nets(const Fields& fields, nlohmann::json& config);

// Adds Mamba 2's mixers to a config that has `hidden_size` and `rms_norm_eps`. Throws as
// add_delta_nets does.
void add_mamba2(const Fields& fields, nlohmann::json& config);

// The sizes of a config that add_delta_nets wrote.
RecurrenceConfig delta_net_sizes(const nlohmann::json& config);

}  // namespace ashlar::gguf
