// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/diagonals.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cstdlib>

namespace ashlar {
namespace {

// Column minus row of every element of an n by m matrix.
Array above(std::int64_t n, std::int64_t m) {
  return table::iota({n, m}, DType::i32, 1) - table::iota({n, m}, DType::i32, 0);
}

const Array& checked_matrix(const Array& x, std::string_view unit) {
  if (x.rank() < 2)
    throw InvalidArgument(unit, "needs a matrix, got {}", x.shape().to_string());
  return x;
}

Array matrix_of(const Array& vector, int k) {
  const std::int64_t size = vector.size() + std::abs(k);
  const Array columns = pad(vector, {std::max(k, 0)}, {std::max(-k, 0)});
  return where(above(size, size) == k, expand_dims(columns, 0), full({}, 0, vector.dtype()));
}

}  // namespace

Array identity(std::int64_t n, DType dtype, Here where) {
  return eye(n, n, 0, dtype, where);
}

Array tri(std::int64_t n, std::optional<std::int64_t> m, int k, DType dtype, Here where) {
  const WrittenAt at(where);
  return convert(above(n, m.value_or(n)) <= k, dtype);
}

Array tril(const Operand& input, int k) {
  const WrittenAt at(input.where());
  const Array x = checked_matrix(input.array(), "tril");
  return where(above(x.dim(-2), x.dim(-1)) <= k, x, full({}, 0, x.dtype()));
}

Array triu(const Operand& input, int k) {
  const WrittenAt at(input.where());
  const Array x = checked_matrix(input.array(), "triu");
  return where(above(x.dim(-2), x.dim(-1)) >= k, x, full({}, 0, x.dtype()));
}

Array diagonal(const Operand& input, int offset, int axis1, int axis2) {
  const WrittenAt at(input.where());
  const Array x = checked_matrix(input.array(), "diagonal");
  const int rows = normalize_axis(axis1, x.rank()), columns = normalize_axis(axis2, x.rank());
  if (rows == columns)
    throw InvalidArgument("diagonal", "axes {} and {} are the same", axis1, axis2);
  // [..., rows, columns], cut to the square whose main diagonal is wanted.
  const Array last = moveaxis(moveaxis(x, rows, -1), columns > rows ? columns - 1 : columns, -1);
  const std::int64_t top = std::max(-offset, 0), left = std::max(offset, 0);
  const std::int64_t size =
      std::max<std::int64_t>(0, std::min(last.dim(-2) - top, last.dim(-1) - left));
  const Array square = last(kEllipsis, Slice(top, top + size), Slice(left, left + size));
  return flatten(square, -2, -1)(kEllipsis, Slice().by(size + 1));
}

Array diag(const Operand& input, int k) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (x.rank() == 1)
    return matrix_of(x, k);
  if (x.rank() != 2)
    throw InvalidArgument("diag", "needs a vector or a matrix, got {}", x.shape().to_string());
  return diagonal(x, k);
}

Array trace(const Operand& input, int offset, int axis1, int axis2) {
  const WrittenAt at(input.where());
  return sum(diagonal(input, offset, axis1, axis2), -1);
}

}  // namespace ashlar
