// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/searching.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/sorting.h"
#include "runtime/program/error.h"

#include <bit>

namespace ashlar {
namespace {

// In the order of sort: NaN after everything.
Array comes_before(const Array& a, const Array& b) {
  const Array less = a < b;
  return is_float(a.dtype()) ? less | (is_nan(b) & !is_nan(a)) : less;
}

void check_position(std::string_view unit, const Array& x, std::int64_t kth, int axis) {
  const std::int64_t extent = x.dim(axis);
  if (kth < -extent || kth >= extent)
    throw InvalidArgument(unit, "position {} is outside an axis of {}", kth, extent);
}

}  // namespace

Array searchsorted(const Operand& sorted, const Operand& values, bool right) {
  const WrittenAt at(sorted.where());
  const Array given = sorted.array();
  if (given.rank() != 1)
    throw InvalidArgument("searchsorted", "needs a sorted vector, got {}",
                          given.shape().to_string());
  const Array like = values.array();
  const DType dtype = values.is_scalar() ? given.dtype() : promote(given.dtype(), like.dtype());
  const Array row = convert(given, dtype), x = convert(like, dtype);
  const std::int64_t count = row.size();
  Array position = zeros(x.shape(), DType::i32);
  // Binary search: the answer grows by falling powers of two as long as what lies before it fits.
  for (auto step = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(count)));
       step > 0; step /= 2) {
    const Array next = position + step;
    const Array last = take(row, minimum(next, count) - 1);
    const Array before = right ? !comes_before(x, last) : comes_before(last, x);
    position = where(before & (next <= count), next, position);
  }
  return position;
}

Array partition(const Operand& input, std::int64_t kth, int axis) {
  const WrittenAt at(input.where());
  check_position("partition", input.array(), kth, axis);
  return sort(input, axis);
}

Array argpartition(const Operand& input, std::int64_t kth, int axis) {
  const WrittenAt at(input.where());
  check_position("argpartition", input.array(), kth, axis);
  return argsort(input, axis);
}

}  // namespace ashlar
