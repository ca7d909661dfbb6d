// SPDX-License-Identifier: Apache-2.0
// One stored matrix, quantised on the default device.
#pragma once

#include "models/formats/checkpoint.h"
#include "runtime/program/affine_encoding.h"

#include <cstddef>
#include <vector>

namespace ashlar {

// The bytes of the three parts, row-major; scales and biases in the type of the matrix.
struct QuantizedMatrix {
  std::vector<std::byte> packed, scales, biases;
  double relative_error;  // root mean square of what changed, relative to that of the matrix
};

// `matrix`: [out, in] in f32, f16 or bf16. Works on a bounded number of rows at a time. Throws what
// quantize and eval throw.
QuantizedMatrix quantize_matrix(const CheckpointTensor& matrix, const AffineEncoding& encoding);

}  // namespace ashlar
