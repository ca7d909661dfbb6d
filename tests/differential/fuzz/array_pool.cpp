// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/fuzz/array_pool.h"

#include "ir/reference/tensor.h"
#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "tests/differential/fuzz/fuzz_graph.h"

#include <limits>

namespace ashlar::testing {
namespace {

constexpr std::int64_t kLargest = 600;  // elements
constexpr int kMaxRank = 4;

// The last ones lie half way between two of bf16 or f16; the nearer to zero is the even one.
constexpr double kSpecials[] = {-0.0,
                                std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN(),
                                65504.0,
                                3e9,
                                257.0,
                                -261.0,
                                -2049.0,
                                2049.0,
                                2053.0,
                                -2057.0,
                                4098.0,
                                -4106.0};

}  // namespace

ArrayPool::ArrayPool(std::uint32_t seed) : random_(seed) {
  for (DType dtype : {DType::f32, any_dtype(), any_dtype()})
    add(leaf(dtype, any_shape()));
  while (values_.empty())  // large ones are not kept
    add(leaf(DType::f32, any_shape()));
}

int ArrayPool::roll(std::int64_t sides) {
  // std::uniform_int_distribution differs between standard libraries.
  return static_cast<int>(random_() % static_cast<std::uint64_t>(sides));
}

DType ArrayPool::any_dtype() {
  constexpr DType kCommon[] = {DType::f32, DType::f32, DType::bf16,
                               DType::f16, DType::i32, DType::u32};
  return chance(2) ? choose(kCommon) : choose(op_info(OpKind::cast).dtypes);
}

Shape ArrayPool::any_shape() {
  constexpr std::int64_t kExtents[] = {1, 2, 3, 4, 5, 8, 17};
  std::vector<std::int64_t> dims;
  for (int rank = chance(12) ? 0 : 1 + roll(3); rank > 0; --rank)
    dims.push_back(chance(40) ? 0 : choose(kExtents));
  return Shape(std::move(dims));
}

// Whole numbers more often than others, so that some are equal.
double ArrayPool::any_real() {
  if (chance(8))
    return choose(kSpecials);
  return chance(2) ? roll(9) - 4 : (roll(65) - 32) / 8.0;
}

Array ArrayPool::constant(DType dtype, const Shape& shape) {
  reference::Tensor tensor({dtype, shape});
  for (double& x : tensor.reals)
    x = reference::round_to(any_real(), dtype);
  for (std::int64_t& x : tensor.integers) {
    const std::uint64_t bits = (std::uint64_t{random_()} << 32) | random_();
    x = reference::wrap_to(chance(3) ? static_cast<std::int64_t>(bits) : roll(9) - 4, dtype);
  }
  return array_from_bytes(tensor.to_bytes(), dtype, shape);
}

Array ArrayPool::leaf(DType dtype, const Shape& shape) {
  leaves_.push_back(constant(dtype, shape));
  return leaves_.back();
}

Array ArrayPool::integers(DType dtype, const Shape& shape, std::int64_t low, std::int64_t high) {
  reference::Tensor tensor({dtype, shape});
  for (std::int64_t& x : tensor.integers)
    x = low + roll(high - low);
  return array_from_bytes(tensor.to_bytes(), dtype, shape);
}

const Array& ArrayPool::any() {
  // Later values twice as often: deep graphs rather than wide ones.
  const auto count = static_cast<std::int64_t>(values_.size());
  return values_[static_cast<std::size_t>(std::max(roll(count), roll(count)))];
}

Array ArrayPool::exact(int rank) {
  for (int tries = 0; tries < 8; ++tries)
    if (const Array& value = any(); value.rank() >= rank && !is_rough(value))
      return value;
  std::vector<std::int64_t> dims = any_shape().dims();
  while (static_cast<int>(dims.size()) < rank)
    dims.push_back(1 + roll(6));
  return leaf(any_dtype(), Shape(std::move(dims)));
}

Array ArrayPool::fitted(DType dtype, const Shape& shape) {
  for (int tries = 0; tries < 6; ++tries) {
    const Array value = exact();
    if (value.shape() == shape)
      return convert(value, dtype);
    if (value.size() == shape.element_count())
      return convert(reshape(value, shape), dtype);
    if (value.rank() == 0 && chance(2))
      return broadcast(convert(value, dtype), shape);
  }
  std::vector<std::int64_t> dims = shape.dims();
  for (std::int64_t& dim : dims)
    if (dim > 0 && chance(4))
      dim = 1;
  return broadcast(leaf(dtype, Shape(std::move(dims))), shape);
}

void ArrayPool::add(const Array& value) {
  if (value.size() <= kLargest && value.rank() <= kMaxRank)
    values_.push_back(value);
}

bool is_rough(const Array& value) {
  return relative_tolerance(value) > 0;
}

Array tame(const Array& value) {
  return is_float(value.dtype()) ? floor(clip(value, -4, 4)) : value;
}

}  // namespace ashlar::testing
