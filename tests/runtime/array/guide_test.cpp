// SPDX-License-Identifier: Apache-2.0
// The examples of docs/arrays.md.
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

using ::testing::ElementsAre;

Array gelu_mlp(const Array& x, const Array& up, const Array& down) {
  Scope scope("mlp");
  return linear(gelu_tanh(linear(x, up)), down);
}

TEST(Guide, Mlp) {
  const Array key = random::key(0);
  const Array x = random::normal(key, {4, 64});
  const Array up = random::normal(random::split(key)(0), {256, 64}) * 0.1;
  const Array down = random::normal(random::split(key)(1), {64, 256}) * 0.1;
  const Array y = gelu_mlp(x, up, down);
  EXPECT_EQ(*y.node()->origin().scope, "mlp");
  // Sums of 64 and 256 products of unit and tenth normals keep the scale near 1.
  const float scale = mean(square(y)).item<float>();
  EXPECT_GT(scale, 0.2F);
  EXPECT_LT(scale, 5.0F);
}

class Average : public Module {
public:
  void add(const Array& x) {
    total.update(total.read() + x);
    count.update(count.read() + 1);
  }
  Array value() { return total.read() / count.read(); }

  State total{"average.total", DType::f32, {3}};
  State count{"average.count", DType::f32, {1}};
};

TEST(Guide, Average) {
  Average average;
  const auto add = compile(&Average::add, average);
  const auto value = compile(&Average::value, average);
  add(array({1.0F, 2.0F, 3.0F}));
  add(array({3.0F, 2.0F, 0.0F}));
  EXPECT_THAT(value().to_vector<float>(), ElementsAre(2, 2, 1.5));
}

}  // namespace
}  // namespace ashlar
