// SPDX-License-Identifier: Apache-2.0
// Floats as stored tensors.
#pragma once

#include "models/formats/gguf/block_type.h"

#include <cstddef>
#include <span>

namespace ashlar::gguf {

// `values`: whole blocks; `out`: as many bytes as they take. Knows F32, F16, BF16, Q4_0, Q4_1,
// Q5_0, Q5_1, Q8_0 and the k-quants Q2_K to Q6_K. Quantised types choose scales by the squared
// error, all numbers counting alike. Throws InvalidArgument when the sizes do not agree or a number
// cannot be quantised because it is not finite or too large for a scale in f16, Unsupported for
// other types.
void encode(BlockType type, std::span<const float> values, std::span<std::byte> out);

}  // namespace ashlar::gguf
