// SPDX-License-Identifier: Apache-2.0
// Functions made of table operations, valued by the reference evaluator; expected numbers are those
// of NumPy and SciPy.
#include "runtime/array/ops.h"

#include "runtime/array/eval.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::NanSensitiveDoubleEq;
using ::testing::Pointwise;
using ::testing::ThrowsMessage;
using testing::values_of;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// 0, 1, 2, ... in f32.
Array counting(const Shape& shape) {
  return reshape(arange(0, shape.element_count(), 1, DType::f32), shape);
}

// Equal within a few units in the last place.
MATCHER(Near, "") {
  const auto& [actual, expected] = arg;
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(expected) ? std::isnan(actual) : actual == expected;
  return std::abs(actual - expected) <= 1e-6 * (1 + std::abs(expected));
}

void expect_values(const Array& actual, const std::vector<double>& expected) {
  EXPECT_THAT(values_of(actual), Pointwise(Near(), expected));
}

TEST(Math, InverseAndHyperbolicFunctions) {
  const Array x = array({-0.9F, -1e-3F, 0.0F, 0.5F, 1.0F});
  const auto of = [](double (*f)(double), const std::vector<double>& x) {
    std::vector<double> y;
    for (double v : x)
      y.push_back(f(static_cast<float>(v)));
    return y;
  };
  const std::vector<double> points = {-0.9, -1e-3, 0, 0.5, 1};
  expect_values(arcsin(x), of(std::asin, points));
  expect_values(arccos(x), of(std::acos, points));
  expect_values(arctan(x), of(std::atan, points));
  expect_values(sinh(x), of(std::sinh, points));
  expect_values(cosh(x), of(std::cosh, points));
  expect_values(arcsinh(x), of(std::asinh, points));
  expect_values(arctanh(x), of(std::atanh, points));
  expect_values(arccosh(array({1.0F, 1.5F, 1e20F})), of(std::acosh, {1, 1.5, 1e20}));
  expect_values(sinh(array({-20.0F, 88.0F, 200.0F, -kInf})),
                {std::sinh(-20.0), std::sinh(88.0), kInf, -kInf});
  expect_values(arcsinh(array({-1e20F, kInf})), {std::asinh(-1e20), kInf});
  expect_values(log10(array({1, 1000})), {0, 3});
  expect_values(degrees(array({0.0F, 3.14159265F})), {0, 180});
  expect_values(radians(180), {M_PI});
  EXPECT_EQ(sinh(array({1})).dtype(), DType::f32);
  EXPECT_EQ(sinh(astype(x, DType::bf16)).dtype(), DType::bf16);
}

TEST(Math, HaveTheirSlopes) {
  const auto slope = [](Array (*f)(const Operand&), double x) {
    return values_of(grad([f](const Array& a) { return f(a); })(full({}, x)))[0];
  };
  EXPECT_NEAR(slope(arcsin, 0.5), 1 / std::sqrt(0.75), 1e-6);
  EXPECT_NEAR(slope(arccos, 0.5), -1 / std::sqrt(0.75), 1e-6);
  EXPECT_NEAR(slope(arctan, 2), 0.2, 1e-6);
  EXPECT_NEAR(slope(sinh, 0), 1, 1e-6);
  EXPECT_NEAR(slope(cosh, 1), std::sinh(1), 1e-6);
  EXPECT_NEAR(slope(arcsinh, 0), 1, 1e-6);
  EXPECT_NEAR(slope(arccosh, 2), 1 / std::sqrt(3), 1e-6);
  EXPECT_NEAR(slope(arctanh, 0.5), 1 / 0.75, 1e-6);
  EXPECT_NEAR(slope(erfinv, 0), std::sqrt(M_PI) / 2, 1e-6);
}

TEST(Math, ErfinvInvertsErf) {
  const Array x = linspace(-0.99999, 0.99999, 41);
  const std::vector<double> back = values_of(erf(erfinv(x))), expected = values_of(x);
  for (std::size_t i = 0; i < back.size(); ++i)
    EXPECT_NEAR(back[i], expected[i], 3e-7);
  expect_values(erfinv(array({-1.0F, 0.0F, 1.0F, 2.0F})), {-kInf, 0, kInf, kNan});
}

TEST(Math, NonFiniteNumbers) {
  const Array x = array({1.0F, kInf, -kInf, kNan});
  EXPECT_THAT(values_of(is_finite(x)), ElementsAre(1, 0, 0, 0));
  EXPECT_THAT(values_of(is_pos_inf(x)), ElementsAre(0, 1, 0, 0));
  EXPECT_THAT(values_of(is_neg_inf(x)), ElementsAre(0, 0, 1, 0));
  EXPECT_THAT(values_of(is_finite(array({1, 2}))), ElementsAre(1, 1));
  const double largest = std::numeric_limits<float>::max();
  EXPECT_THAT(values_of(nan_to_num(x)), ElementsAre(1, largest, -largest, 0));
  EXPECT_THAT(values_of(nan_to_num(x, 5, 6.0, 7.0)), ElementsAre(1, 6, 7, 5));
  expect_values(logaddexp(array({0.0F, -kInf, kInf, 1000.0F}), array({0.0F, -kInf, 1.0F, 1000.0F})),
                {std::log(2), -kInf, kInf, 1000 + std::log(2)});
}

TEST(Math, Closeness) {
  const Array x = array({1.0F, kInf, kNan, 100.0F}), y = array({1.000005F, kInf, kNan, 101.0F});
  EXPECT_THAT(values_of(is_close(x, y)), ElementsAre(1, 1, 0, 0));
  EXPECT_THAT(values_of(is_close(x, y, {.relative = 0.1, .equal_nan = true})),
              ElementsAre(1, 1, 1, 1));
  EXPECT_THAT(values_of(all_close(x, y)), ElementsAre(0));
  EXPECT_THAT(values_of(array_equal(x, x)), ElementsAre(0));
  EXPECT_THAT(values_of(array_equal(x, x, true)), ElementsAre(1));
  EXPECT_THAT(values_of(array_equal(counting({2}), counting({3}))), ElementsAre(0));
}

TEST(Math, Integers) {
  const auto [quotient, rest] = divmod(array({-7, 7}), 3);
  EXPECT_THAT(values_of(quotient), ElementsAre(-3, 2));
  EXPECT_THAT(values_of(rest), ElementsAre(2, 1));
  EXPECT_THAT(values_of(logical_xor(array({0, 1, 2}), array({0, 3, 0}))), ElementsAre(0, 0, 1));
  EXPECT_THAT(values_of(relu(array({-2, 3}))), ElementsAre(0, 3));
}

TEST(Diagonals, Triangles) {
  const Array x = counting({2, 3});
  EXPECT_THAT(values_of(tril(x)), ElementsAre(0, 0, 0, 3, 4, 0));
  EXPECT_THAT(values_of(triu(x, 1)), ElementsAre(0, 1, 2, 0, 0, 5));
  EXPECT_THAT(values_of(tri(2, 3, -1)), ElementsAre(0, 0, 0, 1, 0, 0));
  EXPECT_EQ(tril(counting({2, 2, 2}).astype(DType::i8)).dtype(), DType::i8);
}

TEST(Diagonals, ReadAndWrite) {
  const Array x = counting({3, 4});
  EXPECT_THAT(values_of(diagonal(x)), ElementsAre(0, 5, 10));
  EXPECT_THAT(values_of(diagonal(x, 2)), ElementsAre(2, 7));
  EXPECT_THAT(values_of(diagonal(x, -1)), ElementsAre(4, 9));
  EXPECT_EQ(diagonal(x, 4).shape(), Shape{0});
  EXPECT_THAT(values_of(diagonal(counting({2, 3, 2}), 0, 0, 2)), ElementsAre(0, 7, 2, 9, 4, 11));
  EXPECT_THAT(values_of(diagonal(counting({2, 3, 2}), 0, 2, 0)), ElementsAre(0, 7, 2, 9, 4, 11));
  EXPECT_THAT(values_of(diagonal(counting({2, 3, 2}), 1, 2, 0)), ElementsAre(6, 8, 10));
  EXPECT_THAT(values_of(trace(x)), ElementsAre(15));
  EXPECT_THAT(values_of(diag(array({1, 2}))), ElementsAre(1, 0, 0, 2));
  EXPECT_THAT(values_of(diag(array({1, 2}), 1)), ElementsAre(0, 1, 0, 0, 0, 2, 0, 0, 0));
  EXPECT_THAT(values_of(diag(array({1, 2}), -1)), ElementsAre(0, 0, 0, 1, 0, 0, 0, 2, 0));
  EXPECT_THAT(values_of(diag(x, 1)), ElementsAre(1, 6, 11));
  EXPECT_THAT([&] { diagonal(x, 0, 1, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("axes 1 and 1 are the same")));
}

TEST(Rearranging, RepeatsAndShifts) {
  EXPECT_THAT(values_of(tile(counting({2}), {2, 2})), ElementsAre(0, 1, 0, 1, 0, 1, 0, 1));
  EXPECT_EQ(tile(counting({2, 3}), {2}).shape(), (Shape{2, 6}));
  EXPECT_THAT(values_of(roll(counting({5}), 2, 0)), ElementsAre(3, 4, 0, 1, 2));
  EXPECT_THAT(values_of(roll(counting({5}), -6, 0)), ElementsAre(1, 2, 3, 4, 0));
  EXPECT_THAT(values_of(roll(counting({2, 2}), 1)), ElementsAre(3, 0, 1, 2));
}

TEST(Rearranging, Borders) {
  const Array x = counting({3});
  EXPECT_THAT(values_of(pad(x, {2}, {1}, Border::edge)), ElementsAre(0, 0, 0, 1, 2, 2));
  EXPECT_THAT(values_of(pad(x, {2}, {3}, Border::reflect)), ElementsAre(2, 1, 0, 1, 2, 1, 0, 1));
  EXPECT_THAT(values_of(pad(x, {2}, {1}, Border::symmetric)), ElementsAre(1, 0, 0, 1, 2, 2));
  EXPECT_THAT(values_of(pad(x, {2}, {1}, Border::wrap)), ElementsAre(1, 2, 0, 1, 2, 0));
  EXPECT_THAT(values_of(pad(counting({1}), {2}, {1}, Border::reflect)), ElementsAre(0, 0, 0, 0));
}

TEST(Rearranging, GridsAndShapes) {
  const std::vector<Array> grid = meshgrid({counting({2}), counting({3})});
  EXPECT_EQ(grid[0].shape(), (Shape{3, 2}));
  EXPECT_THAT(values_of(grid[0]), ElementsAre(0, 1, 0, 1, 0, 1));
  EXPECT_THAT(values_of(meshgrid({counting({2}), counting({3})}, false)[1]),
              ElementsAre(0, 1, 2, 0, 1, 2));
  EXPECT_EQ(broadcast_arrays({counting({2, 1}), counting({3})})[1].shape(), (Shape{2, 3}));
  EXPECT_THAT(values_of(unstack(counting({2, 2}), 1)[1]), ElementsAre(1, 3));
  EXPECT_EQ(atleast_3d(counting({2})).shape(), (Shape{1, 2, 1}));
  EXPECT_EQ(atleast_2d(1).shape(), (Shape{1, 1}));
  EXPECT_EQ(zeros_like(array({1, 2})).type(), (ArrayType{DType::i32, Shape{2}}));
}

TEST(Products, OfVectorsAndTensors) {
  const Array x = array({1.0F, 2.0F}), y = array({3.0F, 4.0F, 5.0F});
  EXPECT_THAT(values_of(outer(x, y)), ElementsAre(3, 4, 5, 6, 8, 10));
  EXPECT_THAT(values_of(inner(x, x)), ElementsAre(5));
  EXPECT_EQ(inner(counting({2, 3}), counting({4, 3})).shape(), (Shape{2, 4}));
  EXPECT_THAT(values_of(vecdot(counting({2, 3}), counting({3}))), ElementsAre(5, 14));
  EXPECT_THAT(values_of(kron(array({1, 2}), array({1, 10}))), ElementsAre(1, 10, 2, 20));
  EXPECT_THAT(values_of(kron(eye(2), ones({1, 2}))), ElementsAre(1, 1, 0, 0, 0, 0, 1, 1));
  EXPECT_THAT(values_of(tensordot(counting({2, 3}), counting({2, 3}), {{0, 1}, {0, 1}})),
              ElementsAre(55));
  EXPECT_THAT(values_of(tensordot(counting({2, 3}), counting({3, 2}), 1)),
              ElementsAre(10, 13, 28, 40));
  EXPECT_EQ(tensordot(x, y, 0).shape(), (Shape{2, 3}));
  EXPECT_THAT(values_of(addmm(ones({2, 2}), eye(2), eye(2), 2, 3)), ElementsAre(5, 3, 3, 5));
  EXPECT_THAT([&] { tensordot(x, y, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("do not agree")));
}

TEST(Einsum, FollowsNumpy) {
  const Array a = counting({2, 3}), b = counting({3, 2});
  EXPECT_THAT(values_of(einsum("ij,jk->ik", {a, b})), ElementsAre(10, 13, 28, 40));
  EXPECT_THAT(values_of(einsum("ij,jk", {a, b})), ElementsAre(10, 13, 28, 40));
  EXPECT_THAT(values_of(einsum("ij->ji", {a})), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(values_of(einsum("ba", {a})), ElementsAre(0, 3, 1, 4, 2, 5));
  EXPECT_THAT(values_of(einsum("ij->j", {a})), ElementsAre(3, 5, 7));
  EXPECT_THAT(values_of(einsum("ij->", {a})), ElementsAre(15));
  EXPECT_THAT(values_of(einsum("ii", {counting({3, 3})})), ElementsAre(12));
  EXPECT_THAT(values_of(einsum("ii->i", {counting({3, 3})})), ElementsAre(0, 4, 8));
  EXPECT_THAT(values_of(einsum("i,j->ij", {counting({2}), counting({2})})),
              ElementsAre(0, 0, 0, 1));
  EXPECT_THAT(values_of(einsum("i, i", {counting({3}), counting({3})})), ElementsAre(5));
  // np.einsum('ij,jk,kl->il', a, b, a)
  EXPECT_THAT(values_of(einsum("ij,jk,kl->il", {a, b, a})), ElementsAre(39, 62, 85, 120, 188, 256));
  EXPECT_THAT(values_of(einsum("bij,bjk->bik", {counting({2, 1, 2}), counting({2, 2, 1})})),
              ElementsAre(1, 13));
  EXPECT_THAT(values_of(einsum("...ij,...jk->...ik", {counting({2, 1, 2}), counting({2, 1})})),
              ElementsAre(1, 3));
  EXPECT_THAT(values_of(einsum("i...->...", {counting({2, 2, 2})})), ElementsAre(4, 6, 8, 10));
  EXPECT_THAT(values_of(einsum("...,...", {counting({2, 1}), counting({2})})),
              ElementsAre(0, 0, 0, 1));
}

TEST(Einsum, ContractsTheSmallestPairFirst) {
  using Path = std::vector<EinsumStep>;
  const Array a = counting({9, 2}), b = counting({2, 8}), c = counting({8});
  EXPECT_EQ(einsum_path("ij,jk,k->i", {a, b, c}), (Path{{1, 2}, {0, 1}}));
  EXPECT_EQ(einsum_path("ij,jk,k,i->", {a, b, c, counting({9})}), (Path{{0, 3}, {0, 1}, {0, 1}}));
  EXPECT_EQ(einsum_path("ij->i", {a}), Path{});
  EXPECT_THAT(values_of(einsum("ij,jk,k->i", {a, b, c})),
              ElementsAreArray(values_of(matmul(a, matmul(b, c)))));
}

TEST(Einsum, RefusesWhatDoesNotFit) {
  const Array a = counting({2, 3});
  EXPECT_THAT([&] { einsum("ij,jk", {a}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'ij,jk': 2 operands, got 1")));
  EXPECT_THAT([&] { einsum("ijk", {a}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'ijk' does not fit [2, 3]")));
  EXPECT_THAT([&] { einsum("ij,ij->ij", {a, counting({2, 2})}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'j' is 3 and 2")));
  EXPECT_THAT([&] { einsum("ij->k", {a}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'k' is in no operand")));
  EXPECT_THAT([&] { einsum("ij->ii", {a}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("'i' is twice in the result")));
}

TEST(Updates, PutAlongAxis) {
  const Array x = counting({2, 3});
  EXPECT_THAT(values_of(put_along_axis(x, array({1, -1}, {2, 1}), 9, 1)),
              ElementsAre(0, 9, 2, 3, 4, 9));
}

TEST(Updates, Slices) {
  const Array x = counting({2, 4});
  EXPECT_THAT(values_of(slice_update(x, {0, Slice(kEnd, kEnd).by(-2)}, array({8, 9}))),
              ElementsAre(0, 9, 2, 8, 4, 5, 6, 7));
  EXPECT_THAT(values_of(slice_add(x, {kEllipsis, 1}, 10)), ElementsAre(0, 11, 2, 3, 4, 15, 6, 7));
  EXPECT_THAT(values_of(slice_multiply(x, {1}, array({0, 1, 2, 3}))),
              ElementsAre(0, 1, 2, 3, 0, 5, 12, 21));
  EXPECT_THAT(values_of(slice_update(array({1, 2}), {Slice(1, 1)}, 7)), ElementsAre(1, 2));
  EXPECT_THAT(values_of(slice_update(array({1, 2}), {0}, 2.5)), ElementsAre(2, 2));
}

TEST(Searching, Searchsorted) {
  const Array sorted = array({1.0F, 2.0F, 2.0F, 5.0F, kNan});
  const Array values = array({0.0F, 2.0F, 3.0F, 9.0F, kNan});
  EXPECT_THAT(values_of(searchsorted(sorted, values)), ElementsAre(0, 1, 3, 4, 4));
  EXPECT_THAT(values_of(searchsorted(sorted, values, true)), ElementsAre(0, 3, 3, 4, 5));
  EXPECT_THAT(values_of(searchsorted(arange(8), array({7, 8, -1}))), ElementsAre(7, 8, 0));
  EXPECT_THAT(values_of(searchsorted(zeros({0}), array({1.0F}))), ElementsAre(0));
}

TEST(Statistics, OfOrder) {
  EXPECT_THAT(values_of(median(array({3, 1, 2}))), ElementsAre(2));
  EXPECT_THAT(values_of(median(counting({2, 4}), 1, true)), ElementsAre(1.5, 5.5));
  EXPECT_THAT(values_of(median(array({1.0F, kNan}))), ElementsAre(NanSensitiveDoubleEq(kNan)));
  EXPECT_THAT(values_of(count_nonzero(array({0, 3, 0, 1}))), ElementsAre(2));
  EXPECT_THAT(values_of(diff(array({1, 4, 9}), 2)), ElementsAre(2));
  EXPECT_THAT(values_of(partition(array({3, 1, 2}), 1)), ElementsAre(1, 2, 3));
  EXPECT_THAT([] { partition(array({1}), 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("position 1 is outside an axis of 1")));
}

TEST(Statistics, RunningResults) {
  const Array x = array({2, 3, 1, 4, 0});
  EXPECT_THAT(values_of(cumprod(x, 0)), ElementsAre(2, 6, 6, 24, 0));
  EXPECT_THAT(values_of(cumprod(x, 0, true, false)), ElementsAre(0, 0, 0, 0, 1));
  EXPECT_THAT(values_of(cummax(x, 0)), ElementsAre(2, 3, 3, 4, 4));
  EXPECT_THAT(values_of(cummin(x, 0, true)), ElementsAre(0, 0, 0, 0, 0));
  EXPECT_THAT(values_of(cummin(x, 0)), ElementsAre(2, 2, 1, 1, 0));
  expect_values(logcumsumexp(zeros({3}), 0), {0, std::log(2), std::log(3)});
  // On the device, over more elements than a workgroup has.
  const Array ones_and_two = where(arange(1000) % 100 == 99, 2.0, 1.0);
  EXPECT_EQ(cumprod(ones_and_two, 0)(-1).item<float>(), 1024);
}

TEST(Convolution, OneAxis) {
  const Array x = reshape(array({1.0F, 2.0F, 3.0F, 4.0F}), {1, 4, 1});
  const Array w = reshape(array({1.0F, 0.0F, -1.0F}), {1, 3, 1});
  EXPECT_THAT(values_of(convolution(x, w)), ElementsAre(-2, -2));
  EXPECT_THAT(values_of(convolution(x, w, {.padding = {1}})), ElementsAre(-2, -2, -2, 3));
  EXPECT_THAT(values_of(convolution(x, w, {.stride = {2}, .padding = {1}})), ElementsAre(-2, -2));
  EXPECT_THAT(values_of(convolution(x, w, {.padding = {2}, .dilation = {2}})),
              ElementsAre(-3, -4, 1, 2));
  EXPECT_THAT(values_of(convolution(x, w, {.padding = {1}, .flip = true})),
              ElementsAre(2, 2, 2, -3));
  EXPECT_THAT(values_of(convolution(x, ones({1, 1, 1}), {.input_dilation = {2}})),
              ElementsAre(1, 0, 2, 0, 3, 0, 4));
  EXPECT_THAT(values_of(convolve(array({1, 2, 3}), array({0.0F, 1.0F, 0.5F}))),
              ElementsAre(0, 1, 2.5, 4, 1.5));
  EXPECT_THAT(values_of(convolve(array({1, 2, 3}), array({1, 1}), false)), ElementsAre(3, 5));
}

// The definition, as a loop.
std::vector<double> convolved(const Array& x, const Array& w, std::int64_t stride,
                              std::int64_t groups) {
  const std::vector<double> xs = values_of(x), ws = values_of(w);
  const std::int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3), out = w.dim(0),
                     rows = w.dim(1), columns = w.dim(2), per_group = w.dim(3);
  std::vector<double> result;
  for (std::int64_t n = 0; n < x.dim(0); ++n)
    for (std::int64_t i = 0; i + rows <= height; i += stride)
      for (std::int64_t j = 0; j + columns <= width; j += stride)
        for (std::int64_t o = 0; o < out; ++o) {
          double sum = 0;
          for (std::int64_t a = 0; a < rows; ++a)
            for (std::int64_t b = 0; b < columns; ++b)
              for (std::int64_t c = 0; c < per_group; ++c) {
                const std::int64_t channel = o / (out / groups) * per_group + c;
                const std::int64_t from =
                    ((n * height + i + a) * width + j + b) * channels + channel;
                sum += xs[static_cast<std::size_t>(from)] *
                       ws[static_cast<std::size_t>(((o * rows + a) * columns + b) * per_group + c)];
              }
          result.push_back(sum);
        }
  return result;
}

TEST(Convolution, TwoAxesAndGroups) {
  const Array x = sin(counting({2, 6, 5, 4}));
  for (std::int64_t groups : {1, 2, 4})
    for (std::int64_t stride : {1, 2}) {
      const Array w = cos(counting({8, 3, 2, 4 / groups}));
      const Array y = convolution(x, w, {.stride = {stride, stride}, .groups = groups});
      expect_values(y, convolved(x, w, stride, groups));
    }
}

TEST(Convolution, TransposeIsTheGradient) {
  const Array x = sin(counting({1, 7, 2})), w = cos(counting({3, 3, 2}));
  const ConvolutionOptions options{.stride = {2}, .padding = {1}};
  const auto convolve_x = [&](const Array& a) { return convolution(a, w, options); };
  const Array g = counting(convolve_x(x).shape());
  // Weights of the transpose have the channels of x first.
  const Array back = convolution_transpose(g, transpose(w, {2, 1, 0}), options);
  expect_values(back, values_of(vjp(convolve_x, {x}, {g}).second[0]));
}

TEST(Convolution, RefusesWhatDoesNotFit) {
  EXPECT_THAT([] { convolution(zeros({1, 4, 2}), zeros({1, 3, 1})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[1, 4, 2] and weight [1, 3, 1] disagree")));
  EXPECT_THAT([] { convolution(zeros({1, 2, 1}), zeros({1, 3, 1})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("a window of 3 does not fit an axis of 2")));
  EXPECT_THAT([] { convolution(zeros({1, 4, 1}), zeros({1, 3, 1}), {.stride = {1, 1}}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("stride: expected 1 numbers, got 2")));
}

TEST(Random, StaysInItsRange) {
  const Array key = random::key(3);
  const std::vector<double> integers = values_of(random::randint(key, {1000}, -2, 3));
  for (double value : {-2, -1, 0, 1, 2})
    EXPECT_NEAR(std::ranges::count(integers, value), 200, 60) << value;
  for (double value : values_of(random::truncated_normal(key, {200}, -0.5, 1)))
    EXPECT_TRUE(value >= -0.5 && value <= 1) << value;
  EXPECT_NEAR(values_of(mean(astype(random::bernoulli(key, 0.25, {1000}), DType::f32)))[0], 0.25,
              0.05);
  EXPECT_NEAR(values_of(mean(abs(random::laplace(key, {2000}))))[0], 1, 0.1);
  EXPECT_THAT(values_of(sort(random::permutation(key, 50))),
              Pointwise(Near(), values_of(arange(50))));
  EXPECT_NE(values_of(random::permutation(key, 50)), values_of(arange(50)));
  EXPECT_EQ(random::permutation(key, zeros({3, 2}), 1).shape(), (Shape{3, 2}));
  EXPECT_THAT([&] { random::randint(key, {1}, 3, 3); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[3, 3) is empty")));
}

}  // namespace
}  // namespace ashlar
