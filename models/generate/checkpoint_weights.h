// SPDX-License-Identifier: Apache-2.0
// The tensors of a checkpoint as a program's weights: in their stored types, but 64-bit floats as
// f32, which are converted when they are read.
#pragma once

#include "models/formats/checkpoint.h"
#include "runtime/executor/weights.h"

#include <optional>
#include <string_view>

namespace ashlar {

// The type that `info` has as a weight. Throws Unsupported for types that no program knows.
DType loaded_dtype(const TensorInfo& info);

// Nothing when there is no such tensor.
std::optional<WeightSpec> find_weight(const Checkpoint& checkpoint, std::string_view name);

// Bytes from `offset` of a weight that find_weight gave. For Executor::load_weights.
void read_weight(const Checkpoint& checkpoint, const WeightSpec& weight, std::uint64_t offset,
                 std::span<std::byte> chunk);

}  // namespace ashlar
