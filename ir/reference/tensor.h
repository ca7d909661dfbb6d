// SPDX-License-Identifier: Apache-2.0
// Host tensors of the reference evaluator. Floats are held as doubles that are exactly
// representable in the tensor's dtype, integers and bools as 64-bit patterns in the dtype's range.
// Row-major.
#pragma once

#include "ir/op_info.h"

#include <cstddef>
#include <span>
#include <vector>

namespace ashlar::reference {

struct Tensor {
  ArrayType type;
  std::vector<double> reals;           // float dtypes
  std::vector<std::int64_t> integers;  // integer dtypes and bool; u64 as its bit pattern

  // Zero filled.
  explicit Tensor(ArrayType type);

  static Tensor from_bytes(const ArrayType& type, std::span<const std::byte> bytes);
  std::vector<std::byte> to_bytes() const;

  std::int64_t size() const { return type.shape.element_count(); }
  bool is_real() const { return is_float(type.dtype); }
  // Copies element `from` of `source`, which has the same dtype, to element `to`.
  void copy_element(std::int64_t to, const Tensor& source, std::int64_t from);
};

// While one lives, this thread's evaluations keep f32 results in double: finite differences need
// it.
class ExactReals {
public:
  ExactReals();
  ~ExactReals();
  ExactReals(const ExactReals&) = delete;
  ExactReals& operator=(const ExactReals&) = delete;
};

// The nearest value of a float dtype, by way of f32 as on the device; ties to even.
double round_to(double value, DType dtype);
// The low bits of `value` as a number of an integer dtype (or bool: != 0).
std::int64_t wrap_to(std::int64_t value, DType dtype);

// Row-major strides, in elements.
std::vector<std::int64_t> strides_of(const Shape& shape);

// Calls `body(linear, index)` for every element of `shape` in row-major order.
template <typename Body> void for_each_index(const Shape& shape, Body body) {
  const std::int64_t count = shape.element_count();
  std::vector<std::int64_t> index(static_cast<std::size_t>(shape.rank()), 0);
  for (std::int64_t linear = 0; linear < count; ++linear) {
    body(linear, index);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      auto& i = index[static_cast<std::size_t>(axis)];
      if (++i < shape.dims()[static_cast<std::size_t>(axis)])
        break;
      i = 0;
    }
  }
}

}  // namespace ashlar::reference
