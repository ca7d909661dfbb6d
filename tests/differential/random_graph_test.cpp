// SPDX-License-Identifier: Apache-2.0
// Random graphs of operations whose results are exact (or rounded once), fused as the compiler
// likes: every element must equal the reference's. Each seed is one program of several outputs.
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "tests/differential/cases.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>

#include <cmath>

namespace ashlar::testing {
namespace {

constexpr int kOperations = 24;
constexpr int kOutputs = 6;
constexpr std::int64_t kLargest = 4096;  // elements

class GraphMaker {
public:
  explicit GraphMaker(std::uint32_t seed) : leaves_(seed, kLayouts[seed % std::size(kLayouts)]) {
    for (DType dtype : {DType::f32, DType::bf16, DType::f16, DType::i32, DType::boolean})
      pool_.push_back(leaf(dtype, Shape{leaves_.number(1, 6), leaves_.number(1, 40)}));
  }

  std::vector<Array> make() {
    for (int i = 0; i < kOperations; ++i) {
      const Array next = step(pick());
      if (next.size() > 0 && next.size() <= kLargest && next.rank() <= 4)
        pool_.push_back(next);
    }
    return {pool_.end() - kOutputs, pool_.end()};
  }

private:
  int roll(int sides) { return static_cast<int>(leaves_.number(0, sides)); }
  const Array& pick() {
    return pool_[static_cast<std::size_t>(roll(static_cast<int>(pool_.size())))];
  }

  // Multiples of 1/8 of moderate size: products and sums of a few of them are exact in f32.
  Array leaf(DType dtype, const Shape& shape) {
    const Array eighths = leaves_.indices(DType::i32, shape, -24, 25);
    return is_float(dtype) ? convert(convert(eighths, dtype) / 8, dtype) : convert(eighths, dtype);
  }

  // An operand that broadcasts with x.
  Array partner(const Array& x) {
    std::vector<std::int64_t> dims = x.shape().dims();
    for (std::int64_t& dim : dims)
      if (roll(4) == 0)
        dim = 1;
    for (int tries = 0; tries < 4; ++tries)
      if (const Array& other = pick(); other.shape() == x.shape())
        return other;
    return leaf(x.dtype(), Shape(dims));
  }

  Array step(const Array& x) {
    switch (roll(4)) {
    case 0:
      return combine(x);
    case 1:
      return x.rank() == 0 ? expand_dims(x, 0) : move(x);
    case 2:
      return x.rank() == 0 ? -x : reduce_or_gather(x);
    default:
      return transform(x);
    }
  }

  Array combine(const Array& x) {
    const Array y = partner(x);
    switch (roll(7)) {
    case 0:
      return x + y;
    case 1:
      return x - y;
    case 2:
      return x * y;
    case 3:
      return maximum(x, y);
    case 4:
      return minimum(x, y);
    case 5:
      return x < y;
    default:
      return where(x > y, x, y);
    }
  }

  Array transform(const Array& x) {
    switch (roll(6)) {
    case 0:
      return convert(x, DType::bf16);
    case 1:
      return convert(x, DType::i32);
    case 2:
      return abs(x + 0);
    case 3:
      return floor(x);
    case 4:
      return clip(x, -2, 2);
    default:
      return x + 1;
    }
  }

  int axis_of(const Array& x) { return roll(x.rank()); }

  Array move(const Array& x) {
    switch (roll(7)) {
    case 0:
      return reshape(x, {-1});
    case 1:
      return transpose(x);
    case 2:
      return x(kEllipsis, Slice(x.dim(-1) / 3, kEnd));
    case 3:
      return flip(x, axis_of(x));
    case 4:
      return concatenate({x, x}, axis_of(x));
    case 5:
      return broadcast_to(x, [&] {
        std::vector<std::int64_t> dims = x.shape().dims();
        dims.insert(dims.begin(), 2);
        return Shape(dims);
      }());
    default:
      return pad(x, std::vector<std::int64_t>(static_cast<std::size_t>(x.rank()), 1),
                 std::vector<std::int64_t>(static_cast<std::size_t>(x.rank()), 0), 1);
    }
  }

  Array reduce_or_gather(const Array& x) {
    const int axis = axis_of(x);
    const auto extent = static_cast<int>(x.dim(axis));
    switch (roll(6)) {
    case 0:
      return max(x + 0, axis, roll(2) == 0);
    case 1:
      return min(x + 0, axis, true);
    case 2:
      return argmax(x, axis);
    case 3:
      return sum(convert(x, DType::i32), axis, true);
    case 4:
      return take(x, leaves_.indices(DType::i32, {3}, -extent, extent + 1), axis);
    default:
      return scatter(x, leaves_.indices(DType::i32, {1}, 0, extent),
                     leaf(x.dtype(),
                          [&] {
                            std::vector<std::int64_t> dims = x.shape().dims();
                            dims[static_cast<std::size_t>(axis)] = 1;
                            return Shape(dims);
                          }()),
                     axis);
    }
  }

  Leaves leaves_;
  std::vector<Array> pool_;
};

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

class RandomGraph : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(RandomGraph, EqualsTheReference) {
  const std::vector<Array> outputs = GraphMaker(GetParam()).make();
  std::vector<std::vector<double>> expected;
  for (const Array& output : outputs)
    expected.push_back(values_of(output));
  eval(outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<double> actual = values_of(outputs[i]);
    ASSERT_EQ(actual.size(), expected[i].size());
    for (std::size_t j = 0; j < actual.size(); ++j)
      ASSERT_TRUE(same(actual[j], expected[i][j]))
          << "output " << i << " " << name_of(outputs[i].dtype()) << outputs[i].shape().to_string()
          << ", element " << j << ": expected " << expected[i][j] << ", got " << actual[j];
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGraph, ::testing::Range(1U, 33U));

}  // namespace
}  // namespace ashlar::testing
