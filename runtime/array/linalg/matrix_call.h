// SPDX-License-Identifier: Apache-2.0
// Host functions of matrices as functions of arrays: over all leading axes, with transforms.
#pragma once

#include "runtime/array/linalg/host_matrices.h"
#include "runtime/array/transforms/custom_rules.h"

namespace ashlar::linalg {

// A result's shape after the leading axes: rows and columns, or rows alone for vectors, or neither.
struct MatrixResult {
  std::vector<std::int64_t> dims;
  DType dtype = DType::f32;
};

// Cotangents of the arguments from those of the results.
using MatrixVjp = std::function<Arrays(const Arrays& arguments, const Arrays& cotangents)>;

// `function` on each problem of the leading axes, on which the arguments agree. Arguments are f32
// and have matrices as last two axes. Without a `vjp`, derivatives are Unsupported.
Arrays call_matrices(const char* name, MatrixFunction function,
                     const std::vector<MatrixResult>& results, const Arrays& arguments,
                     MatrixVjp vjp = nullptr);

// The operand in f32; throws InvalidArgument unless its last two axes are a (square) matrix.
Array matrix_operand(const char* name, const Operand& input);
Array square_operand(const char* name, const Operand& input);

Array transposed(const Array& matrix);

}  // namespace ashlar::linalg
