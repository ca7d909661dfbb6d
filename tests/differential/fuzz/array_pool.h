// SPDX-License-Identifier: Apache-2.0
// The values that a random graph is grown from, and the random choices.
//
// Floats in the pool are multiples of 1/8 (or large, infinite, NaN): sums, products and roundings
// of them are the same in f32 on a device and in the reference's doubles, and never subnormal. A
// value is rough when it depends on a function that is only nearly right; rough values may be
// moved, scaled and compared with a tolerance, but nothing may jump where they differ.
#pragma once

#include "runtime/array/transforms/traced_function.h"

#include <optional>
#include <random>

namespace ashlar::testing {

class ArrayPool {
public:
  explicit ArrayPool(std::uint32_t seed);

  // In [0, sides).
  int roll(std::int64_t sides);
  bool chance(int one_in) { return roll(one_in) == 0; }
  template <typename Range> const auto& choose(const Range& range) {
    return range[static_cast<std::size_t>(roll(static_cast<std::int64_t>(std::size(range))))];
  }

  DType any_dtype();
  Shape any_shape();
  // A leaf of the graph.
  Array leaf(DType dtype, const Shape& shape);
  // Literal integers of [low, high).
  Array integers(DType dtype, const Shape& shape, std::int64_t low, std::int64_t high);

  const Array& any();
  // A value that is not rough, of at least the given rank if there is one.
  Array exact(int rank = 0);
  // An exact operand of that type: values of the pool, made to fit, or a new leaf.
  Array fitted(DType dtype, const Shape& shape);

  // Kept for later operations unless it is too large.
  void add(const Array& value);

  const Arrays& leaves() const { return leaves_; }
  const Arrays& values() const { return values_; }

private:
  double any_real();
  Array constant(DType dtype, const Shape& shape);

  std::mt19937 random_;
  Arrays leaves_, values_;
};

bool is_rough(const Array& value);

// Whole numbers of [-4, 4]: sums and products of a few hundred are exact. NaN stays. Integers come
// back as they are.
Array tame(const Array& value);

}  // namespace ashlar::testing
