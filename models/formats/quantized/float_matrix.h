// SPDX-License-Identifier: Apache-2.0
// Matrices of small floats with scales.
#pragma once

#include "models/formats/quantized/quantized_matrix.h"

namespace ashlar::quantized {

// Rows and columns that share a scale.
struct ScaleBlock {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

// `weight` f8 [..., out, in] with one scale, one for each row, or one for each block (partial
// blocks count) of every matrix. Throws FormatError where the scales have another shape; NaN and
// infinite weights are found when the words are read.
QuantizedMatrix make_fp8(const StoredMatrix& weight, const StoredMatrix& scales, ScaleBlock block);

// `weight` in bytes or words [..., in * bits / 8 or 32]; `scale` decodes the byte at [row, group].
// The scales become `scale_dtype`.
QuantizedMatrix make_microscaled(const StoredMatrix& weight, const Shape& shape,
                                 FloatEncoding encoding, DType scale_dtype,
                                 std::function<float(std::int64_t, std::int64_t)> scale);

// 2^(byte - 127); 255 is NaN.
float decode_e8m0(std::uint8_t byte);
// NaN where the byte is.
float decode_e4m3(std::uint8_t byte);

}  // namespace ashlar::quantized
