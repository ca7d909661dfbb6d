// SPDX-License-Identifier: Apache-2.0
// The examples of docs/arrays.md and docs/transforms.md.
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"
#include "runtime/array/transforms.h"

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

Array loss(const Array& w, const Array& x, const Array& y) {
  return mean(square(matmul(x, w) - y));
}

TEST(Guide, Transforms) {
  const Array w = array({1.0F, 2.0F}), x = array({1.0F, 0.0F, 0.0F, 1.0F}, {2, 2}), y = zeros({2});
  EXPECT_THAT(grad(loss)(w, x, y).to_vector<float>(), ElementsAre(1, 2));
  const auto [value, both] = value_and_grad(loss, std::vector{0, 1})(w, x, y);
  EXPECT_EQ(value.item<float>(), 2.5F);
  EXPECT_THAT(both[1].to_vector<float>(), ElementsAre(1, 2, 2, 4));
  const auto row_loss = [](const Array& v, const Array& row) { return square(sum(v * row)); };
  const Array each = vmap(grad(row_loss), {std::nullopt, 0})(w, x);
  EXPECT_THAT(each.to_vector<float>(), ElementsAre(2, 0, 0, 4));
  const auto curvature = grad([&](const Array& v) { return sum(grad(loss)(v, x, y)); });
  EXPECT_THAT(curvature(w).to_vector<float>(), ElementsAre(1, 1));
}

TEST(Guide, ClipsAGradient) {
  CustomRules rules;
  rules.vjp = [](const Arrays& primals, const Arrays& cotangents, const Arrays& outputs) {
    return Arrays{clip(cotangents[0], -1, 1)};
  };
  const auto clipped = custom_function([](const Array& x) { return x; }, rules);
  const auto f = [&](const Array& x) { return sum(clipped(x) * array({5.0F, 0.5F})); };
  EXPECT_THAT(grad(f)(zeros({2})).to_vector<float>(), ElementsAre(1, 0.5));
}

}  // namespace
}  // namespace ashlar
