// SPDX-License-Identifier: Apache-2.0
// The front-end functions, valued by the reference evaluator.
#include "runtime/array/ops.h"

#include "runtime/array/origin.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>

namespace ashlar {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;
using testing::values_of;

// 0, 1, 2, ... in f32.
Array counting(const Shape& shape) {
  return reshape(arange(0, shape.element_count(), 1, DType::f32), shape);
}

MATCHER_P(Near, tolerance, "") {
  const auto& [actual, expected] = arg;
  return std::abs(actual - expected) <= tolerance;
}

TEST(Creation, FillsAndCounts) {
  EXPECT_THAT(values_of(full({3}, 7)), ElementsAre(7, 7, 7));
  EXPECT_EQ(full({3}, 7).dtype(), DType::i32);
  EXPECT_EQ(full({3}, 7.0).dtype(), DType::f32);
  EXPECT_THAT(values_of(arange(2, 9, 3)), ElementsAre(2, 5, 8));
  EXPECT_THAT(values_of(arange(5, 0, -2)), ElementsAre(5, 3, 1));
  EXPECT_EQ(arange(3, 3).shape(), Shape{0});
  EXPECT_THAT(values_of(linspace(-1, 1, 5)), ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_THAT(values_of(eye(2, 3, 1)), ElementsAre(0, 1, 0, 0, 0, 1));
  EXPECT_THAT(values_of(array({1, 2, 3, 4}, {2, 2})), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(values_of(array<bool>({true, false})), ElementsAre(1, 0));
}

TEST(Creation, KeepsLargeIntegersExactly) {
  const std::int64_t large = (std::int64_t{1} << 53) + 1;
  const reference::Tensor value = testing::reference_value(full({2}, large, DType::i64));
  EXPECT_THAT(value.integers, ElementsAre(large, large));
}

TEST(Creation, RefusesWrongCounts) {
  EXPECT_THAT(([] { array({1, 2, 3}, {2, 2}); }),
              ThrowsMessage<InvalidArgument>(HasSubstr("i32[2, 2] does not hold 12 bytes")));
  EXPECT_THAT([] { arange(0, 4, 0); }, ThrowsMessage<InvalidArgument>(HasSubstr("step is 0")));
  EXPECT_THAT(([] { array({1, 2}, {-1, -2}); }), ThrowsMessage<InvalidArgument>(HasSubstr("i32")));
}

TEST(Elementwise, OperatorsCompute) {
  const Array x = array({1.0F, 2.0F, 3.0F});
  EXPECT_THAT(values_of((x + 1) * 2 - x / 2), ElementsAre(3.5, 5, 6.5));
  EXPECT_THAT(values_of(-x), ElementsAre(-1, -2, -3));
  EXPECT_THAT(values_of(x > 1.5), ElementsAre(0, 1, 1));
  EXPECT_THAT(values_of((x > 1.5) & (x < 2.5)), ElementsAre(0, 1, 0));
  EXPECT_THAT(values_of((x > 1.5) ^ (x < 2.5)), ElementsAre(1, 0, 1));
  EXPECT_THAT(values_of(!(x == 2)), ElementsAre(1, 0, 1));
  EXPECT_THAT(values_of(array({6, 5}) & 3), ElementsAre(2, 1));
  EXPECT_THAT(values_of(array({1, 2}) << array({3, 1})), ElementsAre(8, 4));
  EXPECT_THAT(values_of(array({-7, 7}) % 3), ElementsAre(2, 1));
  EXPECT_THAT(values_of(where(x > 2, x, 0)), ElementsAre(0, 0, 3));
  EXPECT_THAT(values_of(clip(x, 1.5, 2.5)), ElementsAre(1.5, 2, 2.5));
  EXPECT_THAT(values_of(clip(x, std::nullopt, 2)), ElementsAre(1, 2, 2));
}

TEST(Movement, ReshapesAndPermutes) {
  const Array x = counting({2, 3});
  EXPECT_EQ(reshape(x, {3, -1}).shape(), (Shape{3, 2}));
  EXPECT_THAT(values_of(transpose(x)), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_EQ(flatten(counting({2, 3, 4}), 1).shape(), (Shape{2, 12}));
  EXPECT_EQ(flatten(counting({2, 3, 4}), 0, 1).shape(), (Shape{6, 4}));
  EXPECT_EQ(unflatten(counting({2, 12}), -1, {-1, 4}).shape(), (Shape{2, 3, 4}));
  EXPECT_EQ(moveaxis(counting({2, 3, 4}), 0, -1).shape(), (Shape{3, 4, 2}));
  EXPECT_EQ(swapaxes(counting({2, 3, 4}), 0, -1).shape(), (Shape{4, 3, 2}));
  EXPECT_EQ(expand_dims(x, -1).shape(), (Shape{2, 3, 1}));
  EXPECT_EQ(squeeze(counting({1, 3, 1})).shape(), (Shape{3}));
  EXPECT_EQ(squeeze(counting({1, 3, 1}), 0).shape(), (Shape{3, 1}));
  EXPECT_THAT(values_of(flip(x, 1)), ElementsAre(2, 1, 0, 5, 4, 3));
  EXPECT_THAT(values_of(repeat(array({1, 2}), 2, 0)), ElementsAre(1, 1, 2, 2));
  EXPECT_THAT(values_of(pad(array({1, 2}), {1}, {2}, 9)), ElementsAre(9, 1, 2, 9, 9));
  EXPECT_THAT([] { reshape(counting({6}), {4, -1}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("6 elements do not fill [4, -1]")));
}

TEST(Movement, JoinsAndSplits) {
  const Array x = counting({2, 3});
  EXPECT_THAT(values_of(concatenate({x, x(kEllipsis, Slice(0, 1))}, 1)),
              ElementsAre(0, 1, 2, 0, 3, 4, 5, 3));
  EXPECT_EQ(concatenate({arange(2), counting({2})}).dtype(), DType::f32);
  EXPECT_EQ(stack({x, x, x}, 1).shape(), (Shape{2, 3, 3}));
  const std::vector<Array> parts = split_at(x, {1}, 1);
  EXPECT_THAT(values_of(parts[0]), ElementsAre(0, 3));
  EXPECT_THAT(values_of(parts[1]), ElementsAre(1, 2, 4, 5));
  EXPECT_EQ(split(x, 3, 1).size(), 3U);
  EXPECT_THAT([&] { split(x, 2, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("does not divide into 2 parts")));
  EXPECT_THAT([] { concatenate({}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("at least one array")));
}

TEST(Indexing, FollowsPython) {
  const Array x = counting({4, 3});
  EXPECT_THAT(values_of(x(1)), ElementsAre(3, 4, 5));
  EXPECT_THAT(values_of(x(-1, 0)), ElementsAre(9));
  EXPECT_EQ(x(-1, 0).rank(), 0);
  EXPECT_THAT(values_of(x(Slice(1, 3), 1)), ElementsAre(4, 7));
  EXPECT_THAT(values_of(x(Slice(kEnd, kEnd).by(-1), 0)), ElementsAre(9, 6, 3, 0));
  EXPECT_THAT(values_of(x(Slice(2, kEnd).by(-2), 0)), ElementsAre(6, 0));
  EXPECT_THAT(values_of(x(Slice(-2, 100), 0)), ElementsAre(6, 9));
  EXPECT_THAT(values_of(x(kEllipsis, 2)), ElementsAre(2, 5, 8, 11));
  EXPECT_EQ(x(kNewAxis, Slice(), kNewAxis).shape(), (Shape{1, 4, 1, 3}));
  EXPECT_EQ(x(Slice(3, 1)).shape(), (Shape{0, 3}));
  EXPECT_EQ(x(Slice(1, 3).by(-1)).shape(), (Shape{0, 3}));
  EXPECT_THAT([&] { x(4); },
              ThrowsMessage<InvalidArgument>(HasSubstr("4 is outside an axis of 4")));
  EXPECT_THAT([&] { x(0, 0, 0); },
              ThrowsMessage<InvalidArgument>(HasSubstr("3 indices for [4, 3]")));
  EXPECT_THAT([&] { x(kEllipsis, kEllipsis); },
              ThrowsMessage<InvalidArgument>(HasSubstr("more than one ellipsis")));
  EXPECT_THAT([] { Slice().by(0); }, ThrowsMessage<InvalidArgument>(HasSubstr("step is 0")));
}

TEST(Indexing, SliceRangesAgreeWithPython) {
  // range(*slice(start, stop, step).indices(5)), first element and length.
  struct Case {
    std::optional<std::int64_t> start, stop;
    std::int64_t step, first, size;
  };
  const Case cases[] = {{{}, {}, 1, 0, 5}, {{}, {}, -1, 4, 5}, {1, 4, 2, 1, 2},
                        {-2, {}, 1, 3, 2}, {{}, -2, 1, 0, 3},  {-9, 9, 3, 0, 2},
                        {9, -9, -2, 4, 3}, {3, {}, -1, 3, 4},  {{}, 3, -1, 4, 1},
                        {2, 2, 1, 0, 0},   {9, {}, 1, 0, 0},   {-9, {}, -1, 0, 0},
                        {4, 0, -3, 4, 2},  {0, 5, 7, 0, 1}};
  for (const Case& c : cases) {
    const Slice::Range range = Slice(c.start, c.stop).by(c.step).resolve(5);
    EXPECT_EQ(range.size, c.size);
    EXPECT_EQ(range.start, c.first);
    EXPECT_EQ(range.step, c.step);
  }
}

TEST(Gather, TakesAndScatters) {
  const Array x = counting({4, 2});
  EXPECT_THAT(values_of(take(x, array({3, 0}), 0)), ElementsAre(6, 7, 0, 1));
  EXPECT_THAT(values_of(take(x, -1)), ElementsAre(6, 7));
  EXPECT_THAT(values_of(take_along_axis(x, array({1, 0, 1, 1}, {4, 1}), 1)),
              ElementsAre(1, 2, 5, 7));
  const Array rows = array({9.0F, 8.0F, 7.0F, 6.0F}, {2, 2});
  EXPECT_THAT(values_of(scatter(x, array({2, 7}), rows)), ElementsAre(0, 1, 2, 3, 9, 8, 6, 7));
  EXPECT_THAT(values_of(scatter_add(x, array({1, 1}), rows)),
              ElementsAre(0, 1, 18, 17, 4, 5, 6, 7));
}

TEST(Reductions, TakeAxisLists) {
  const Array x = counting({2, 3});
  EXPECT_THAT(values_of(sum(x)), ElementsAre(15));
  EXPECT_THAT(values_of(sum(x, -1)), ElementsAre(3, 12));
  EXPECT_EQ(sum(x, {0, 1}, true).shape(), (Shape{1, 1}));
  EXPECT_THAT(values_of(max(x, 0)), ElementsAre(3, 4, 5));
  EXPECT_THAT(values_of(min(x, 1)), ElementsAre(0, 3));
  EXPECT_THAT(values_of(prod(x + 1)), ElementsAre(720));
  EXPECT_THAT(values_of(any(x > 4, 1)), ElementsAre(0, 1));
  EXPECT_THAT(values_of(all(x, 1)), ElementsAre(0, 1));
  EXPECT_THAT(values_of(mean(x, 1)), ElementsAre(1, 4));
  EXPECT_THAT(values_of(var(x, 1)), Pointwise(Near(1e-6), {2.0 / 3, 2.0 / 3}));
  EXPECT_THAT(values_of(std_dev(x, 1, false, 1)), Pointwise(Near(1e-6), {1.0, 1.0}));
  EXPECT_THAT(values_of(cumsum(x, 1)), ElementsAre(0, 1, 3, 3, 7, 12));
  EXPECT_THAT(values_of(cumsum(x, 1, true, false)), ElementsAre(3, 2, 0, 9, 5, 0));
  EXPECT_THAT(values_of(argmax(x)), ElementsAre(5));
  EXPECT_THAT(values_of(argmin(-x, 1)), ElementsAre(2, 2));
  EXPECT_EQ(argmax(x, std::nullopt, true).shape(), (Shape{1, 1}));
  EXPECT_THAT([&] { sum(x, {1, -1}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("axis 1 appears twice")));
  EXPECT_THAT([] { max(zeros({0, 2}), 0); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[0, 2] is empty along the axes")));
}

TEST(Reductions, ExponentialsAreSafe) {
  const Array x = array({1000.0F, 1001.0F});
  EXPECT_THAT(values_of(softmax(x)), Pointwise(Near(1e-6), {0.26894142, 0.73105858}));
  EXPECT_THAT(values_of(logsumexp(x)), ElementsAre(DoubleNear(1001.3132617, 1e-4)));
  const float inf = std::numeric_limits<float>::infinity();
  EXPECT_THAT(values_of(logsumexp(array({-inf, -inf}))), ElementsAre(-inf));
  EXPECT_THAT(values_of(logsumexp(array({0.0F, inf}))), ElementsAre(inf));
}

TEST(Reductions, HalvesAreAveragedInF32) {
  // The sum, 4096 * 1.5 = 6144, is beyond what bf16 can count in steps of 1.5.
  const Array x = full({4096}, 1.5, DType::bf16);
  EXPECT_THAT(values_of(mean(x)), ElementsAre(1.5));
}

TEST(Sorting, OrdersBothWays) {
  const Array x = array({2.0F, 5.0F, 1.0F, 5.0F});
  EXPECT_THAT(values_of(sort(x)), ElementsAre(1, 2, 5, 5));
  EXPECT_THAT(values_of(argsort(x, -1, true)), ElementsAre(1, 3, 0, 2));
  EXPECT_THAT(values_of(topk(x, 2)), ElementsAre(5, 5));
  EXPECT_THAT(values_of(topk_indices(x, 3)), ElementsAre(1, 3, 0));
}

TEST(Contraction, MultipliesLikeNumPy) {
  const Array a = counting({2, 3}), b = counting({3, 2});
  EXPECT_THAT(values_of(matmul(a, b)), ElementsAre(10, 13, 28, 40));
  EXPECT_THAT(values_of(matmul(a, array({1.0F, 0.0F, 2.0F}))), ElementsAre(4, 13));
  EXPECT_THAT(values_of(matmul(array({1.0F, 1.0F}), a)), ElementsAre(3, 5, 7));
  EXPECT_EQ(matmul(array({1.0F, 1.0F}), array({2.0F, 3.0F})).rank(), 0);
  EXPECT_EQ(matmul(zeros({5, 1, 2, 3}), zeros({4, 3, 2})).shape(), (Shape{5, 4, 2, 2}));
  EXPECT_THAT(values_of(linear(a, b(Slice(0, 2), kNewAxis, 0) * zeros({1, 3}) + 1)),
              ElementsAre(3, 3, 12, 12));
  EXPECT_EQ(linear(zeros({2, 1, 4}, DType::f32), zeros({3, 4}, DType::bf16)).dtype(), DType::f32);
  EXPECT_THAT([&] { matmul(a, a); },
              ThrowsMessage<InvalidArgument>(HasSubstr("cannot multiply f32[2, 3] by f32[2, 3]")));
}

TEST(EmptyArrays, NeedNoKernel) {
  const Array none = zeros({0, 3});
  auto kind = [](const Array& array) { return array.node()->kind(); };
  EXPECT_EQ(kind(exp(none + 1)), OpKind::constant);
  EXPECT_EQ(kind(matmul(zeros({2, 3}), transpose(none))), OpKind::constant);
  EXPECT_THAT(values_of(sum(none, 0)), ElementsAre(0, 0, 0));
  EXPECT_THAT(values_of(prod(none, 0)), ElementsAre(1, 1, 1));
  EXPECT_THAT(values_of(all(none)), ElementsAre(1));
  EXPECT_THAT(values_of(any(none)), ElementsAre(0));
  EXPECT_THAT(values_of(matmul(zeros({2, 0}), zeros({0, 2}))), ElementsAre(0, 0, 0, 0));
  EXPECT_THAT(values_of(concatenate({none, counting({1, 3}), none})), ElementsAre(0, 1, 2));
  EXPECT_THAT(values_of(pad(none, {1, 0}, {0, 0}, 5)), ElementsAre(5, 5, 5));
  EXPECT_THAT(values_of(take(none, array({0}))), ElementsAre(0, 0, 0));
  EXPECT_THAT(values_of(scatter(counting({1, 3}), zeros({0}, DType::i32), none)),
              ElementsAre(0, 1, 2));
}

TEST(Random, BitsAreThePublishedOnes) {
  // Known answer of Philox4x32-10 for counter 0 and key 0: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
  EXPECT_THAT(values_of(random::bits(random::key(0), {1})), ElementsAre(0x6627e8d5));
}

TEST(Random, KeysSplitAndNumbersStayInRange) {
  const Array keys = random::split(random::key(7), 3);
  EXPECT_EQ(keys.shape(), (Shape{3, 2}));
  const std::vector<double> u = values_of(random::uniform(keys(1), {2000}, -1.0, 3.0));
  EXPECT_GE(*std::ranges::min_element(u), -1.0);
  EXPECT_LT(*std::ranges::max_element(u), 3.0);
  double sum = 0, squares = 0;
  for (double z : values_of(random::normal(keys(2), {4000}))) {
    sum += z;
    squares += z * z;
  }
  EXPECT_NEAR(sum / 4000, 0, 0.06);
  EXPECT_NEAR(squares / 4000, 1, 0.1);
}

TEST(Random, CategoricalFollowsTheLogits) {
  const Array logits = broadcast_to(log(array({0.1F, 0.6F, 0.3F})), {3000, 3});
  std::vector<double> counts(3);
  for (double draw : values_of(random::categorical(random::key(3), logits)))
    ++counts[static_cast<std::size_t>(draw)];
  EXPECT_THAT(counts, Pointwise(Near(100), {300.0, 1800.0, 900.0}));
}

TEST(Origins, NameScopeAndLine) {
  const Array x = zeros({2});
  Scope layer("layers.3");
  Scope block("mlp");
  const auto line = std::source_location::current().line() + 1;
  const Array y = softmax(x);
  EXPECT_EQ(*y.node()->origin().scope, "layers.3.mlp");
  EXPECT_EQ(y.node()->origin().where.line(), line);
  EXPECT_THAT(y.node()->origin().where.file_name(), HasSubstr("ops_test.cpp"));
  const Array z = x + 1;
  EXPECT_EQ(z.node()->origin().where.line(), line + 4);
  EXPECT_THAT([&] { reshape(x, {3}); }, ThrowsMessage<InvalidArgument>(
                                            HasSubstr("cannot view [2] as [3] (in layers.3.mlp)")));
}

}  // namespace
}  // namespace ashlar
