// SPDX-License-Identifier: Apache-2.0
// Elementwise functions, generated from the op table, and operators. Operands broadcast as in NumPy
// and promote as in MLX. What each function computes is said in docs/array_ops.md.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar {

// Array exp(const Operand& input); Array add(const Operand& lhs, const Operand& rhs); ...
#include "ir/elementwise_functions.h.inc"

Array where(const Operand& condition, const Operand& on_true, const Operand& on_false);
// Either bound may be absent.
Array clip(const Operand& input, std::optional<Operand> low, std::optional<Operand> high);
Array astype(const Operand& input, DType dtype);

// Integers and bool divide as f32.
Array operator+(const Operand& lhs, const Operand& rhs);
Array operator-(const Operand& lhs, const Operand& rhs);
Array operator*(const Operand& lhs, const Operand& rhs);
Array operator/(const Operand& lhs, const Operand& rhs);
Array operator%(const Operand& lhs, const Operand& rhs);
Array operator-(const Operand& input);
Array operator!(const Operand& input);
Array operator~(const Operand& input);
Array operator==(const Operand& lhs, const Operand& rhs);
Array operator!=(const Operand& lhs, const Operand& rhs);
Array operator<(const Operand& lhs, const Operand& rhs);
Array operator<=(const Operand& lhs, const Operand& rhs);
Array operator>(const Operand& lhs, const Operand& rhs);
Array operator>=(const Operand& lhs, const Operand& rhs);
// Logical on bool, bitwise on integers.
Array operator&(const Operand& lhs, const Operand& rhs);
Array operator|(const Operand& lhs, const Operand& rhs);
Array operator^(const Operand& lhs, const Operand& rhs);
Array operator<<(const Operand& lhs, const Operand& rhs);
Array operator>>(const Operand& lhs, const Operand& rhs);

}  // namespace ashlar
