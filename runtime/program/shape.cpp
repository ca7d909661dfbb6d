// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/shape.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace ashlar {

std::optional<std::int64_t> checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result))
    return std::nullopt;
  return result;
}

std::optional<std::int64_t> checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result))
    return std::nullopt;
  return result;
}

int normalize_axis(int axis, int rank) {
  if (axis < -rank || axis >= rank)
    throw InvalidArgument("shape", "axis out of range: expected [{}, {}), got {}", -rank, rank,
                          axis);
  return axis < 0 ? axis + rank : axis;
}

std::int64_t Shape::dim(int axis) const {
  return dims_[static_cast<std::size_t>(normalize_axis(axis, rank()))];
}

std::int64_t Shape::element_count() const {
  std::int64_t count = 1;
  for (std::int64_t d : dims_) {
    auto product = checked_mul(count, d);
    if (!product)
      throw InvalidArgument("shape", "element count of {} passes 2^63-1", to_string());
    count = *product;
  }
  return count;
}

std::string Shape::to_string() const {
  return fmt::format("[{}]", fmt::join(dims_, ", "));
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::vector<std::int64_t> dims(static_cast<std::size_t>(rank));
  for (int axis = 1; axis <= rank; ++axis) {
    const std::int64_t da = axis <= a.rank() ? a.dim(-axis) : 1;
    const std::int64_t db = axis <= b.rank() ? b.dim(-axis) : 1;
    if (da != db && da != 1 && db != 1)
      throw InvalidArgument("shape", "shapes {} and {} do not broadcast", a.to_string(),
                            b.to_string());
    dims[static_cast<std::size_t>(rank - axis)] = da == 1 ? db : da;
  }
  return Shape(std::move(dims));
}

}  // namespace ashlar
