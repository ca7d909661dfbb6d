// SPDX-License-Identifier: Apache-2.0
// The rules of docs/arrays.md for NaN, infinities, empty and 0-d arrays, by the reference
// evaluator.
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <limits>

namespace ashlar {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsNan;
using ::testing::ThrowsMessage;
using testing::values_of;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Edges, NanPassesThroughExtremaAndFailsComparisons) {
  const Array x = array({kNan, 1.0F}), y = array({2.0F, kNan});
  EXPECT_THAT(values_of(maximum(x, y)), Each(IsNan()));
  EXPECT_THAT(values_of(min(x)), Each(IsNan()));
  EXPECT_THAT(values_of(x < y), Each(0));
  EXPECT_THAT(values_of(x != x), ElementsAre(1, 0));
  EXPECT_EQ(values_of(argmax(array({3.0F, kNan, 9.0F, kNan})))[0], 1);
}

TEST(Edges, CastsSaturateAndNanIsZero) {
  EXPECT_THAT(values_of(astype(array({kInf, -kInf, kNan, 300.0F, -1.5F}), DType::u8)),
              ElementsAre(255, 0, 0, 255, 0));
  EXPECT_THAT(values_of(astype(array({kInf, -kInf, kNan}), DType::i32)),
              ElementsAre(2147483647, -2147483648.0, 0));
}

TEST(Edges, MaskedSoftmaxRowsAreNanAndTheirLogsumexpIsMinusInfinity) {
  const Array scores = array({-kInf, -kInf, 0.0F, -kInf}, {2, 2});
  EXPECT_THAT(values_of(softmax(scores)), ElementsAre(IsNan(), IsNan(), 1, 0));
  EXPECT_THAT(values_of(logsumexp(scores, -1)), ElementsAre(-kInf, 0));
}

TEST(Edges, ReductionsOfNothing) {
  const Array x = zeros({0, 3});
  EXPECT_THAT(values_of(sum(x, 0)), Each(0));
  EXPECT_THAT(values_of(prod(x, 0)), Each(1));
  EXPECT_THAT(values_of(mean(x, 0)), Each(IsNan()));
  EXPECT_THAT(values_of(all(x)), ElementsAre(1));
  EXPECT_THAT(values_of(sum(x, 1)), IsEmpty());
  EXPECT_THAT([&] { max(x, 0); }, ThrowsMessage<InvalidArgument>(HasSubstr("empty")));
  EXPECT_THAT([&] { argmin(x, 0); }, ThrowsMessage<InvalidArgument>(HasSubstr("empty")));
}

TEST(Edges, FunctionsOfNothing) {
  const Array x = zeros({0, 3});
  EXPECT_THAT(values_of(exp(x) + 1), IsEmpty());
  EXPECT_THAT(values_of(sort(x, 0)), IsEmpty());
  EXPECT_THAT(values_of(matmul(transpose(x), x)), Each(0));
  EXPECT_EQ(matmul(transpose(x), x).shape(), (Shape{3, 3}));
  EXPECT_EQ(concatenate({x, ones({2, 3})}).shape(), (Shape{2, 3}));
  EXPECT_THAT(values_of(take(zeros({0}), array({0, -1}))), Each(0));
}

TEST(Edges, ArraysWithoutAxesHaveOneElement) {
  const Array x = full({}, 2.5);
  EXPECT_EQ(x.size(), 1);
  EXPECT_EQ(values_of(sum(x) + mean(x) + max(x))[0], 7.5);
  EXPECT_EQ(values_of(reshape(x, {1, 1})(0, 0))[0], 2.5);
  EXPECT_EQ((x + ones({2, 3})).shape(), (Shape{2, 3}));
  EXPECT_THAT([&] { sort(x); }, ThrowsMessage<InvalidArgument>(HasSubstr("axis out of range")));
}

}  // namespace
}  // namespace ashlar
