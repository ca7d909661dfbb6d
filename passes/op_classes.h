// SPDX-License-Identifier: Apache-2.0
// How the fusion passes see one operation: may it be evaluated inside another kernel, element by
// element, and what does that cost?
#pragma once

#include "ir/op_info.h"

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

#include <cstdint>

namespace ashlar {

// Values that exist in a buffer before any kernel runs: weights, states, tables of constants.
bool is_leaf(mlir::Operation* op);

// Evaluated "element at index" inside whichever kernel needs the value: sources, elementwise ops,
// movement, gathers, dequantize, and kernel.attention_combine.
bool is_inlinable(mlir::Operation* op);

// Needs an emitter of its own: matmul, attention, scan, sort; or brings its code along.
bool is_root(mlir::Operation* op);

bool is_scatter(mlir::Operation* op);

// Every element depends on the element at the same index of the operands, and on nothing else.
bool is_elementwise(mlir::Operation* op);

// Only says where elements come from: movement and sources.
bool is_index_map(mlir::Operation* op);

// One element costs more than loading it from memory: transcendental functions, random numbers and
// the joining of attention parts.
bool is_costly(mlir::Operation* op);

// Whether the value becomes a state or a result of the entry.
bool escapes(mlir::Value value);

// Every value of the input survives a conversion to `to`.
bool preserves_values(mlir::Type from, mlir::Type to);

// Elements of a ranked tensor, kDynamic when it has a dynamic axis.
std::int64_t element_count(mlir::Value value);
// Bytes of a stored ranked tensor: bool takes one byte, a dynamic axis counts `dynamic_rows`.
std::int64_t byte_size(mlir::Type tensor, std::int64_t dynamic_rows = 0);

}  // namespace ashlar
