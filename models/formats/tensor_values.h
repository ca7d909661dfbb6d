// SPDX-License-Identifier: Apache-2.0
// Stored tensors as host vectors, for tests and tools; models map the bytes instead.
#pragma once

#include "models/formats/safetensors.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace ashlar {

// `data` holds the tensor's bytes, at any alignment. Values beyond float's range become infinite,
// large integers are rounded. Throws Unsupported for complex and 8-bit or smaller floats.
std::vector<float> to_floats(const TensorInfo& info, std::span<const std::byte> data);

// Throws Unsupported for anything but integers and booleans, InvalidArgument for values above
// 2^63-1.
std::vector<std::int64_t> to_integers(const TensorInfo& info, std::span<const std::byte> data);

}  // namespace ashlar
