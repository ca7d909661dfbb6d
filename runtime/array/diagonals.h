// SPDX-License-Identifier: Apache-2.0
// Diagonals and triangles. Diagonal k lies k above the main one.
#pragma once

#include "runtime/array/creation.h"

namespace ashlar {

Array identity(std::int64_t n, DType dtype = DType::f32, Here where = Here::current());
// Ones on and below diagonal `k` of an n by m matrix.
Array tri(std::int64_t n, std::optional<std::int64_t> m = std::nullopt, int k = 0,
          DType dtype = DType::f32, Here where = Here::current());
// The last two axes with zeros above, or below, diagonal `k`.
Array tril(const Operand& input, int k = 0);
Array triu(const Operand& input, int k = 0);
// Diagonal `offset` of the matrices that two axes span; it becomes the last axis.
Array diagonal(const Operand& input, int offset = 0, int axis1 = 0, int axis2 = 1);
// A vector on diagonal `k` of a square matrix of zeros; of a matrix, its diagonal.
Array diag(const Operand& input, int k = 0);
Array trace(const Operand& input, int offset = 0, int axis1 = 0, int axis2 = 1);

}  // namespace ashlar
