// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/statistics.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/math.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/sorting.h"
#include "runtime/program/error.h"

#include <limits>

namespace ashlar {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

using Combine = Array (*)(const Operand& before, const Operand& x);

// Elements moved `distance` places to the back of axis 0, `neutral` before them.
Array moved_back(const Array& x, std::int64_t distance, const Array& neutral) {
  std::vector<std::int64_t> dims = x.shape().dims();
  dims[0] = distance;
  return concatenate({broadcast_to(neutral, Shape(dims)), x(Slice(0, x.dim(0) - distance))}, 0);
}

// Hillis and Steele, "Data Parallel Algorithms" (1986): each pass doubles how far results reach.
Array running(const Array& input, Combine combine, const Array& neutral, int axis, bool reverse,
              bool inclusive) {
  Array x = moveaxis(input, axis, 0);
  if (reverse)
    x = flip(x, 0);
  const std::int64_t count = x.dim(0);
  if (!inclusive && count > 0)
    x = moved_back(x, 1, neutral);
  for (std::int64_t reach = 1; reach < count; reach *= 2)
    x = combine(moved_back(x, reach, neutral), x);
  if (reverse)
    x = flip(x, 0);
  return moveaxis(x, 0, axis);
}

// What every element of the type is at least (or at most).
Array limit(DType dtype, bool least) {
  if (is_float(dtype))
    return full({}, least ? -kInfinity : kInfinity, dtype);
  const auto bits = static_cast<int>(size_of(dtype) * 8);
  const std::uint64_t largest = ~std::uint64_t{0} >> (64 - bits + (is_signed(dtype) ? 1 : 0));
  if (!is_signed(dtype))
    return least ? full({}, 0, dtype) : ~full({}, 0, dtype);
  const auto high = static_cast<std::int64_t>(largest);
  return full({}, least ? -high - 1 : high, dtype);
}

Array running_extremum(const Operand& input, Combine combine, bool least, int axis, bool reverse,
                       bool inclusive) {
  const WrittenAt at(input.where());
  const Array x = convert(input.array(), accepted_dtype(OpKind::maximum, input.array().dtype()));
  return running(x, combine, limit(x.dtype(), least), axis, reverse, inclusive);
}

}  // namespace

Array median(const Operand& input, std::optional<int> axis, bool keepdims) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (!axis) {
    const Array flat = median(flatten(x), 0);
    const std::vector<std::int64_t> ones(static_cast<std::size_t>(x.rank()), 1);
    return keepdims ? reshape(flat, Shape(ones)) : flat;
  }
  if (x.dim(*axis) == 0)
    throw InvalidArgument("median", "axis {} of {} is empty", *axis, x.shape().to_string());
  const Array sorted = moveaxis(convert(sort(x, *axis), DType::f32), *axis, 0);
  const std::int64_t count = sorted.dim(0);
  const Array middle = (sorted((count - 1) / 2) + sorted(count / 2)) * 0.5;
  const Array last = sorted(-1);  // NaN comes last
  const Array result = convert(where(is_nan(last), last, middle), float_dtype(x.dtype()));
  return keepdims ? expand_dims(result, normalize_axis(*axis, x.rank())) : result;
}

Array count_nonzero(const Operand& input, const Axes& axes, bool keepdims) {
  const WrittenAt at(input.where());
  return sum(not_equal(input, 0), axes, keepdims);
}

Array diff(const Operand& input, int n, int axis) {
  const WrittenAt at(input.where());
  Array x = moveaxis(input, axis, 0);
  if (n < 0)
    throw InvalidArgument("diff", "n: expected 0 or more, got {}", n);
  for (int i = 0; i < n && x.dim(0) > 0; ++i) {
    const Array next = x(Slice(1, kEnd)), before = x(Slice(0, -1));
    x = x.dtype() == DType::boolean ? next != before : next - before;
  }
  return moveaxis(x, 0, axis);
}

Array cumprod(const Operand& input, int axis, bool reverse, bool inclusive) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const Array numbers = convert(x, accepted_dtype(OpKind::mul, x.dtype()));
  return running(numbers, mul, full({}, 1, numbers.dtype()), axis, reverse, inclusive);
}

Array cummax(const Operand& input, int axis, bool reverse, bool inclusive) {
  return running_extremum(input, maximum, true, axis, reverse, inclusive);
}

Array cummin(const Operand& input, int axis, bool reverse, bool inclusive) {
  return running_extremum(input, minimum, false, axis, reverse, inclusive);
}

Array logcumsumexp(const Operand& input, int axis, bool reverse, bool inclusive) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return convert(
      running(convert(x, DType::f32), logaddexp, full({}, -kInfinity), axis, reverse, inclusive),
      float_dtype(x.dtype()));
}

}  // namespace ashlar
