// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/creation.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>

namespace ashlar {
namespace {

constexpr std::int64_t kExactInDouble = std::int64_t{1} << 53;

double to_double(const Scalar& scalar) {
  return std::visit([](auto v) { return static_cast<double>(v); }, scalar);
}

void check_fits(std::int64_t value, DType dtype) {
  if (!is_integer(dtype))
    return;
  const int bits = static_cast<int>(size_of(dtype) * 8) - (is_signed(dtype) ? 1 : 0);
  const bool too_large = bits < 63 && (value >> bits) > 0;
  const bool too_small = is_signed(dtype) ? bits < 63 && (value >> bits) < -1 : value < 0;
  if (too_large || too_small)
    throw InvalidArgument("array", "the number {} does not fit {}: convert the array first", value,
                          name_of(dtype));
}

// Attributes hold doubles; an integer beyond their exact range goes through a constant.
Array full_of_large_integer(const Shape& shape, std::int64_t value, DType dtype) {
  const Array exact = array(std::span<const std::int64_t>(&value, 1), {});
  return broadcast(convert(exact, dtype), shape);
}

}  // namespace

Array full(const Shape& shape, const Operand& value, std::optional<DType> dtype) {
  const WrittenAt at(value.where());
  if (!value.is_scalar()) {
    const Array array = value.array();
    return broadcast(convert(array, dtype.value_or(array.dtype())), shape);
  }
  const DType type = dtype.value_or(default_dtype(value.scalar()));
  if (const auto* integer = std::get_if<std::int64_t>(&value.scalar())) {
    check_fits(*integer, type);
    if (*integer > kExactInDouble || *integer < -kExactInDouble)
      return full_of_large_integer(shape, *integer, type);
  }
  return table::full(shape.dims(), type, to_double(value.scalar()));
}

Array zeros(const Shape& shape, DType dtype, Here where) {
  return full(shape, Operand(0, where), dtype);
}

Array ones(const Shape& shape, DType dtype, Here where) {
  return full(shape, Operand(1, where), dtype);
}

Array arange(std::int64_t start, std::int64_t stop, std::int64_t step, DType dtype, Here where) {
  const WrittenAt at(where);
  if (step == 0)
    throw InvalidArgument("arange", "step is 0");
  const std::int64_t distance = step > 0 ? stop - start : start - stop;
  const std::int64_t stride = std::abs(step);
  const std::int64_t count = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  Array result = table::iota({count}, dtype, 0);
  if (step != 1)
    result = result * step;
  return start == 0 ? result : result + start;
}

Array linspace(double start, double stop, std::int64_t count, Here where) {
  const WrittenAt at(where);
  if (count < 2)
    throw InvalidArgument("linspace", "count: expected at least 2, got {}", count);
  const Array t = table::iota({count}, DType::f32, 0) / static_cast<double>(count - 1);
  return (1.0 - t) * start + t * stop;
}

Array eye(std::int64_t n, std::optional<std::int64_t> m, int k, DType dtype, Here where) {
  const WrittenAt at(where);
  const std::vector<std::int64_t> shape = {n, m.value_or(n)};
  const Array on_diagonal =
      table::iota(shape, DType::i32, 0) + k == table::iota(shape, DType::i32, 1);
  return convert(on_diagonal, dtype);
}

void check_holds(const ArrayType& type, std::size_t bytes) {
  const auto& [dtype, shape] = type;
  if (std::ranges::any_of(shape.dims(), [](std::int64_t d) { return d < 0; }) ||
      bytes % size_of(dtype) != 0 ||
      static_cast<std::int64_t>(bytes / size_of(dtype)) != shape.element_count())
    throw InvalidArgument("array", "{}{} does not hold {} bytes", name_of(dtype), shape.to_string(),
                          bytes);
}

Array array_from_bytes(std::span<const std::byte> bytes, DType dtype, const Shape& shape,
                       Here where) {
  const WrittenAt at(where);
  check_holds({dtype, shape}, bytes.size());
  return Array(Node::constant(
      {dtype, shape}, std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end()),
      current_origin()));
}

}  // namespace ashlar
