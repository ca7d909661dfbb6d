// SPDX-License-Identifier: Apache-2.0
// One element of each elementwise op, as ir/array_ops.td defines it. Operands and results have the
// compute types of codegen/emitters/storage.h; float results are rounded to the result's dtype.
#pragma once

#include "codegen/emitters/kernel_builder.h"
#include "ir/op_info.h"

namespace ashlar::codegen {

// `operands` of dtype `from` (for select: of the selected values) make a result of dtype `to`.
Value scalar_op(KernelBuilder& b, OpKind kind, ValueRange operands, DType from, DType to);

Value scalar_cast(KernelBuilder& b, Value value, DType from, DType to);

// `operands`: c0..c3, k0, k1.
Value philox_word(KernelBuilder& b, ValueRange operands, std::int64_t word);

// `value`, converted as ashlar.full converts it.
Value scalar_constant(KernelBuilder& b, DType dtype, double value);

// maximum and minimum, also inside reductions.
Value scalar_extremum(KernelBuilder& b, bool largest, DType dtype, Value x, Value y);

// An unsigned integer (i32, or i64 for 64-bit types) that orders as `value` does, largest last or,
// unless `ascending`, first; NaN always has the largest key. Zeros of both signs have the same key.
Value sort_key(KernelBuilder& b, DType dtype, Value value, bool ascending);

}  // namespace ashlar::codegen
