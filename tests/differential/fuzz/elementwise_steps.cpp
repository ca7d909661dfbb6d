// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "tests/differential/cases.h"
#include "tests/differential/fuzz/graph_steps.h"

#include <algorithm>

namespace ashlar::testing {
namespace {

std::vector<OpKind> kinds_of(OpClass op_class) {
  std::vector<OpKind> kinds;
  for (const OpInfo& info : all_ops())
    if (info.op_class == op_class)
      kinds.push_back(info.kind);
  return kinds;
}

Array at_least_one(const Array& value) {
  return abs(tame(value)) + 1;
}

// 1/2 or 2: quotients by it are exact.
Array power_of_two(const Array& value) {
  return where(value > 0, full({}, 2.0, value.dtype()), full({}, 0.5, value.dtype()));
}

bool wants_positive(OpKind kind) {
  constexpr OpKind kKinds[] = {OpKind::log,   OpKind::log2,       OpKind::log1p,   OpKind::sqrt,
                               OpKind::rsqrt, OpKind::reciprocal, OpKind::arctan2, OpKind::power};
  return std::ranges::find(kKinds, kind) != std::end(kKinds);
}

bool floors(OpKind kind) {
  return kind == OpKind::floor_divide || kind == OpKind::remainder;
}

Array unary_operand(OpKind kind, const Array& x) {
  if (wants_positive(kind))
    return at_least_one(x);
  // Squares of squares would leave the range in which f32 is exact.
  return ulps_of(kind) > 0 || kind == OpKind::square ? tame(x) : x;
}

std::vector<Array> binary_operands(OpKind kind, const Array& x, const Array& y) {
  if (kind == OpKind::left_shift || kind == OpKind::right_shift)
    return {x, y & 127};  // beyond the width too
  if (!is_float(x.dtype()))
    return {x, y};
  if (kind == OpKind::power)
    return {at_least_one(x), clip(tame(y), -2, 2)};
  if (wants_positive(kind) || kind == OpKind::div)
    return {at_least_one(x), at_least_one(y)};
  if (floors(kind))
    return {clip(x, -9, 9), power_of_two(y)};
  return {x, kind == OpKind::mul ? tame(y) : y};
}

// Floats go to integers and back: their bits tell zeros and NaNs apart.
Array bits_step(const Array& x) {
  if (x.dtype() == DType::boolean)
    return view(x, DType::u8);
  const auto& dtypes = op_info(OpKind::bitcast).dtypes;
  const DType other = *std::ranges::find_if(dtypes, [&](DType dtype) {
    return is_integer(dtype) && dtype != x.dtype() && size_of(dtype) == size_of(x.dtype());
  });
  const Array bits = table::bitcast(x, other);
  return is_float(x.dtype()) ? table::bitcast(bits, x.dtype()) : bits;
}

// The type itself where the op takes it, so that graphs are not mostly casts.
DType operand_dtype(ArrayPool& pool, const OpInfo& info, DType dtype) {
  const bool taken = std::ranges::find(info.dtypes, dtype) != info.dtypes.end();
  return taken ? dtype : pool.choose(info.dtypes);
}

}  // namespace

std::optional<Array> elementwise_step(ArrayPool& pool) {
  static const std::vector<OpKind> kinds = kinds_of(OpClass::elementwise);
  // Casts have most to get wrong: each pair of types is one.
  const OpInfo& info = op_info(pool.chance(8) ? OpKind::cast : pool.choose(kinds));
  const Array x = pool.exact();
  if (info.kind == OpKind::cast)
    return convert(x, pool.any_dtype());
  if (info.kind == OpKind::bitcast)
    return bits_step(x);
  if (info.kind == OpKind::select)
    return where(pool.fitted(DType::boolean, x.shape()), x, pool.fitted(x.dtype(), x.shape()));
  const DType dtype = operand_dtype(pool, info, x.dtype());
  const Array first = convert(x, dtype);
  if (info.arguments.size() == 1)
    return apply(info.kind, {unary_operand(info.kind, first)});
  return apply(info.kind, binary_operands(info.kind, first, pool.fitted(dtype, x.shape())));
}

std::optional<Array> source_step(ArrayPool& pool) {
  const Shape shape = pool.any_shape();
  const DType dtype = pool.choose(op_info(OpKind::iota).dtypes);
  if (shape.rank() == 0 || pool.chance(2))
    return full(shape, (pool.roll(65) - 32) / 8.0, dtype);
  return apply(
      OpKind::iota, {},
      {{"shape", shape.dims()}, {"dtype", dtype}, {"axis", std::int64_t{pool.roll(shape.rank())}}});
}

std::optional<Array> scale_step(ArrayPool& pool) {
  const Array& x = pool.any();
  if (!is_float(x.dtype()))
    return std::nullopt;
  switch (pool.roll(4)) {
  case 0:
    return -x;
  case 1:
    return abs(x);
  case 2:
    return x * tame(pool.fitted(x.dtype(), x.shape()));
  default:
    return maximum(x, pool.fitted(x.dtype(), x.shape()));
  }
}

std::optional<Array> norm_step(ArrayPool& pool) {
  const Array x = convert(tame(pool.exact(1)), DType::f32);
  if (x.size() == 0)
    return std::nullopt;
  const int axis = pool.roll(x.rank());
  const Array finite = where(is_nan(x), 0, x);
  if (pool.chance(2))
    return softmax(finite, axis);
  const auto count = static_cast<double>(x.dim(axis));
  return finite * rsqrt(sum(square(finite), axis, true) * (1 / count) + 1);
}

}  // namespace ashlar::testing
