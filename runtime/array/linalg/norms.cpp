// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/diagonals.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/linalg.h"
#include "runtime/array/linalg/matrix_call.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/statistics.h"
#include "runtime/program/error.h"

#include <cmath>
#include <cstdlib>

namespace ashlar::linalg {
namespace {

Array real_operand(const Operand& input) {
  const Array x = input.array();
  return convert(x, float_dtype(x.dtype()));
}

Array row_of(const Array& x, std::int64_t i) {
  return x(kEllipsis, i);
}

}  // namespace

Array norm(const Operand& input, const Axes& axes, bool keepdims) {
  const WrittenAt at(input.where());
  const Array x = real_operand(input);
  const Array squares = sum(square(convert(x, DType::f32)), axes, keepdims);
  return convert(sqrt(squares), x.dtype());
}

Array vector_norm(const Operand& input, double order, int axis, bool keepdims) {
  const WrittenAt at(input.where());
  const Array x = abs(real_operand(input));
  if (order == 2)
    return norm(input, axis, keepdims);
  if (std::isinf(order))
    return order > 0 ? max(x, axis, keepdims) : min(x, axis, keepdims);
  if (order == 0)
    return convert(count_nonzero(x, axis, keepdims), x.dtype());
  if (order == 1)
    return sum(x, axis, keepdims);
  const Array wide = convert(x, DType::f32);
  return convert(power(sum(power(wide, order), axis, keepdims), 1 / order), x.dtype());
}

Array matrix_norm(const Operand& input, double order) {
  const WrittenAt at(input.where());
  const Array x = matrix_operand("norm", input);
  const bool largest = order > 0;
  if (std::abs(order) == 2) {
    const Array s = svd(x).s;
    return largest ? max(s, -1) : min(s, -1);
  }
  if (std::abs(order) != 1 && !std::isinf(order))
    throw InvalidArgument(
        "linalg", "matrix_norm: expected order 1, 2 or infinity, or their negatives, got {}",
        order);
  const Array sums = sum(abs(x), std::isinf(order) ? -1 : -2);
  return largest ? max(sums, -1) : min(sums, -1);
}

Array nuclear_norm(const Operand& input) {
  const WrittenAt at(input.where());
  return sum(svd(input).s, -1);
}

Array cross(const Operand& lhs, const Operand& rhs, int axis) {
  const WrittenAt at(lhs.where());
  Array a = moveaxis(lhs, axis, -1), b = moveaxis(rhs, axis, -1);
  const auto fits = [](const Array& x) { return x.dim(-1) == 2 || x.dim(-1) == 3; };
  if (!fits(a) || !fits(b))
    throw InvalidArgument("linalg", "cross: expected 2 or 3 elements, got {} and {}", a.dim(-1),
                          b.dim(-1));
  const Array z = row_of(a, 0) * row_of(b, 1) - row_of(a, 1) * row_of(b, 0);
  if (a.dim(-1) == 2 && b.dim(-1) == 2)
    return z;
  const auto third = [](const Array& x) {
    return x.dim(-1) == 3 ? row_of(x, 2) : row_of(x, 0) * 0;
  };
  const Array x = row_of(a, 1) * third(b) - third(a) * row_of(b, 1);
  const Array y = third(a) * row_of(b, 0) - row_of(a, 0) * third(b);
  return moveaxis(stack({x, y, z}, -1), -1, axis);
}

Array matrix_power(const Operand& input, int power) {
  const WrittenAt at(input.where());
  Array base = square_operand("matrix_power", input);
  if (power < 0)
    base = inv(base);
  std::optional<Array> result;
  for (unsigned rest = static_cast<unsigned>(std::abs(power)); rest > 0; rest >>= 1) {
    if (rest & 1U)
      result = result ? matmul(*result, base) : base;
    if (rest > 1)
      base = matmul(base, base);
  }
  return result ? *result : broadcast(identity(base.dim(-1)), base.shape());
}

}  // namespace ashlar::linalg
