// SPDX-License-Identifier: Apache-2.0
// Arrays from nothing and from host memory.
#pragma once

#include "runtime/array/array.h"

#include <initializer_list>
#include <optional>

namespace ashlar {

using Here = std::source_location;

// `dtype` absent: the number's own (bool, i32 or f32).
Array full(const Shape& shape, const Operand& value, std::optional<DType> dtype = std::nullopt);
Array zeros(const Shape& shape, DType dtype = DType::f32, Here where = Here::current());
Array ones(const Shape& shape, DType dtype = DType::f32, Here where = Here::current());

// start, start + step, ... below (above, for a negative step) stop.
Array arange(std::int64_t start, std::int64_t stop, std::int64_t step = 1, DType dtype = DType::i32,
             Here where = Here::current());
inline Array arange(std::int64_t stop, Here where = Here::current()) {
  return arange(0, stop, 1, DType::i32, where);
}
// `count` numbers from start to stop, both included.
Array linspace(double start, double stop, std::int64_t count, Here where = Here::current());
// Ones on diagonal `k` of an n by m matrix.
Array eye(std::int64_t n, std::optional<std::int64_t> m = std::nullopt, int k = 0,
          DType dtype = DType::f32, Here where = Here::current());

// Throws InvalidArgument unless the elements of `type` fill that many bytes.
void check_holds(const ArrayType& type, std::size_t bytes);

// Copies host elements, row-major. Throws InvalidArgument when count and shape disagree. Inside a
// trace the array is a constant of the program.
Array array_from_bytes(std::span<const std::byte> bytes, DType dtype, const Shape& shape,
                       Here where = Here::current());

template <Element T>
Array array(std::span<const T> values, const Shape& shape, Here where = Here::current()) {
  return array_from_bytes(std::as_bytes(values), dtype_of<T>(), shape, where);
}
template <Element T> Array array(std::initializer_list<T> values, Here where = Here::current()) {
  return array(std::span<const T>(values.begin(), values.size()),
               Shape{static_cast<std::int64_t>(values.size())}, where);
}
template <Element T>
Array array(std::initializer_list<T> values, const Shape& shape, Here where = Here::current()) {
  return array(std::span<const T>(values.begin(), values.size()), shape, where);
}

}  // namespace ashlar
