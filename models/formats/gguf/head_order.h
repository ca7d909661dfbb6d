// SPDX-License-Identifier: Apache-2.0
// Value heads of gated delta nets that share a key head are neighbours in a checkpoint folder. In
// Qwen 3.5's files they are as many heads apart as there are key heads.
#pragma once

#include "models/formats/model_config.h"
#include "models/formats/row_selection.h"

#include <optional>
#include <string_view>

namespace ashlar::gguf {

// What is read, and in whose order.
enum class HeadOrder { of_folder, of_file };

// The rows of a layer's tensor ("linear_attn.in_proj_z.weight") in one order out of those in the
// other; none for tensors without such heads.
std::optional<RowSelection> rows_by_head(std::string_view tensor, const RecurrenceConfig& sizes,
                                         HeadOrder wanted);
// The same for its columns.
std::optional<RowSelection> columns_by_head(std::string_view tensor, const RecurrenceConfig& sizes,
                                            HeadOrder wanted);

}  // namespace ashlar::gguf
