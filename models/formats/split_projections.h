// SPDX-License-Identifier: Apache-2.0
// Qwen3-Next's delta nets store two projections, with the rows of one group of heads after those of
// another. By rows they are the four that other delta nets store.
#pragma once

#include "models/formats/model_config.h"
#include "models/formats/row_selection.h"

#include <string_view>
#include <vector>

namespace ashlar {

struct ProjectionPart {
  std::string_view stored;  // the module in the checkpoint: "in_proj_qkvz"
  std::string_view name;    // of the part: "in_proj_qkv"
  RowSelection rows;
};

std::vector<ProjectionPart> split_projections(const RecurrenceConfig& sizes);

}  // namespace ashlar
