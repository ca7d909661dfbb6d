// SPDX-License-Identifier: Apache-2.0
// Element types of results: MLX's promotion rules, and how operands reach an operation's types.
#pragma once

#include "runtime/array/array.h"

#include <initializer_list>

namespace ashlar {

// The type that both convert to: bool < integers < floats; f16 with bf16 gives f32; signed with
// unsigned integers give the next wider signed type, or f32 where there is none.
DType promote(DType a, DType b);

// The type of an operation between arrays of `dtype` and a host number.
DType promote(DType dtype, const Scalar& scalar);

// The type in which an operation takes these arrays and numbers together.
DType result_type(std::span<const Operand> operands);
inline DType result_type(std::initializer_list<Operand> operands) {
  return result_type(std::span(operands.begin(), operands.size()));
}

// bool, i32 or f32.
DType default_dtype(const Scalar& scalar);

// f32 for integers and bool; floats stay.
DType float_dtype(DType dtype);

// The type in which `kind` takes an array of `dtype`: exp of an i32 is exp of its f32, a logical
// operation asks for "not equal to 0". Types with no such conversion come back unchanged.
DType accepted_dtype(OpKind kind, DType dtype);

// Refuses arrays with the open row count of a growable state where `kind` needs to know it.
void check_static(OpKind kind, std::span<const ArrayType> types);

// The array itself when nothing changes.
Array convert(const Array& array, DType dtype);
Array broadcast(const Array& array, const Shape& shape);

// `operands` in the element type and shape that the elementwise operation `kind` needs: promoted,
// converted to what the op takes, and broadcast.
std::vector<Array> harmonize(OpKind kind, std::span<const Operand> operands);

}  // namespace ashlar
