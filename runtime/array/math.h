// SPDX-License-Identifier: Apache-2.0
// Elementwise functions made of those of the op table. They take integers as f32, compute in f32
// and round once.
#pragma once

#include "runtime/array/array.h"

#include <optional>
#include <utility>

namespace ashlar {

Array arcsin(const Operand& input);  // NaN outside [-1, 1]
Array arccos(const Operand& input);  // NaN outside [-1, 1]
Array arctan(const Operand& input);
Array sinh(const Operand& input);
Array cosh(const Operand& input);
Array arcsinh(const Operand& input);
Array arccosh(const Operand& input);  // NaN below 1
Array arctanh(const Operand& input);  // NaN outside [-1, 1]
Array log10(const Operand& input);
Array degrees(const Operand& input);  // of radians
Array radians(const Operand& input);  // of degrees
// The inverse of erf on (-1, 1), to about 3 units in the last place of f32 (Giles, "Approximating
// the erfinv function", 2010).
Array erfinv(const Operand& input);
Array relu(const Operand& input);  // max(x, 0), in the input's type

// log(exp(x) + exp(y)) without overflow.
Array logaddexp(const Operand& lhs, const Operand& rhs);
// floor(x / y) and the remainder.
std::pair<Array, Array> divmod(const Operand& lhs, const Operand& rhs);
Array logical_xor(const Operand& lhs, const Operand& rhs);

// Integers and bool are finite.
Array is_finite(const Operand& input);
Array is_pos_inf(const Operand& input);
Array is_neg_inf(const Operand& input);
// NaN becomes `nan`; infinities become the largest and least finite numbers of the type, or the
// numbers given.
Array nan_to_num(const Operand& input, double nan = 0.0,
                 std::optional<double> positive = std::nullopt,
                 std::optional<double> negative = std::nullopt);

struct Closeness {
  double relative = 1e-5;
  double absolute = 1e-8;
  bool equal_nan = false;
};

// |x - y| <= absolute + relative * |y|; infinities are close when they are equal.
Array is_close(const Operand& lhs, const Operand& rhs, const Closeness& closeness = {});
Array all_close(const Operand& lhs, const Operand& rhs, const Closeness& closeness = {});
// False for different shapes.
Array array_equal(const Operand& lhs, const Operand& rhs, bool equal_nan = false);

}  // namespace ashlar
