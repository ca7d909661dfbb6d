// SPDX-License-Identifier: Apache-2.0
// Stored tensors as floats.
#pragma once

#include "models/formats/gguf/block_type.h"

#include <cstddef>
#include <span>

namespace ashlar::gguf {

// Whether decode() knows the type: F32, F16, BF16, F64 and the types with an affine form.
bool can_decode(BlockType type);

// `data`: whole blocks, at any alignment, for out.size() elements. F64 is rounded. Throws
// InvalidArgument when the sizes do not agree, Unsupported for other types.
void decode(BlockType type, std::span<const std::byte> data, std::span<float> out);

}  // namespace ashlar::gguf
