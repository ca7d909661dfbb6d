// SPDX-License-Identifier: Apache-2.0
// Linear algebra: what factors multiply to, derivatives, batches, and what is refused. The numbers
// of NumPy are in tables_test.cpp.
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"
#include "tests/runtime/array/op_cases.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>

namespace ashlar::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Array transposed(const Array& x) {
  return swapaxes(x, -1, -2);
}

Array symmetric(const Array& x) {
  return x + transposed(x);
}

Array positive(const Array& x) {
  return matmul(x, transposed(x)) + identity(x.dim(-1));
}

void expect_close(const Array& actual, const Array& expected, double tolerance = 1e-4) {
  ASSERT_EQ(actual.shape(), expected.shape());
  const auto a = values_of(actual), b = values_of(expected);
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], b[i], tolerance * (1 + std::abs(b[i]))) << "element " << i;
}

TEST(Linalg, FactorsMultiplyToTheMatrix) {
  for (const Shape& shape : {Shape{2, 4, 3}, Shape{3, 5}}) {
    const Array x = numbers(shape);
    const auto [q, r] = linalg::qr(x);
    expect_close(matmul(q, r), x);
    expect_close(matmul(transposed(q), q),
                 broadcast_to(identity(q.dim(-1)), matmul(transposed(q), q).shape()));
    expect_close(r, triu(r));
    const linalg::Svd d = linalg::svd(x);
    expect_close(matmul(d.u * expand_dims(d.s, -2), d.vt), x);
  }
  const Array x = numbers({2, 4, 4}), spd = positive(x);
  const auto [values, vectors] = linalg::eigh(spd);
  expect_close(matmul(vectors * expand_dims(values, -2), transposed(vectors)), spd);
  const linalg::Lu lu = linalg::lu(x);
  expect_close(matmul(lu.permutation, matmul(lu.lower, lu.upper)), x);
  expect_close(lu.lower, tril(lu.lower));
  const Array upper = linalg::cholesky(spd, true);
  expect_close(matmul(transposed(upper), upper), spd);
  expect_close(linalg::cholesky_inv(upper, true), linalg::inv(spd));
  expect_close(linalg::tri_inv(upper, true), linalg::inv(upper));
  const auto [eigenvalues, eigenvectors] = linalg::eig(x);
  const ComplexArray left = matmul(ComplexArray(x), eigenvectors),
                     right = eigenvectors *
                             eigenvalues.map([](const Array& v) { return expand_dims(v, -2); });
  expect_close(left.real(), right.real());
  expect_close(left.imag(), right.imag());
}

struct LinalgCase {
  std::string name;
  ArrayFunction function;
  Arrays inputs;
};

std::vector<LinalgCase> cases() {
  const Array square = numbers({3, 3}) + identity(3) * 2, tall = numbers({4, 3}, -1, 1, 5),
              right = numbers({3, 2}, -1, 1, 6);
  const auto one = [](auto function) {
    return [function](const Arrays& x) { return Arrays{function(x[0])}; };
  };
  return {
      {"inv", one([](const Array& x) { return linalg::inv(x); }), {square}},
      {"det", one([](const Array& x) { return linalg::det(x); }), {square}},
      {"slogdet", one([](const Array& x) { return linalg::slogdet(x).second; }), {square}},
      {"pinv", one([](const Array& x) { return linalg::pinv(x); }), {tall}},
      {"solve", [](const Arrays& x) { return Arrays{linalg::solve(x[0], x[1])}; }, {square, right}},
      {"solve_triangular",
       [](const Arrays& x) { return Arrays{linalg::solve_triangular(x[0], x[1])}; },
       {square, right}},
      {"solve_upper",
       [](const Arrays& x) { return Arrays{linalg::solve_triangular(x[0], x[1], true)}; },
       {square, right}},
      {"cholesky", one([](const Array& x) { return linalg::cholesky(positive(x)); }), {square}},
      {"qr_q", one([](const Array& x) { return linalg::qr(x).first; }), {tall}},
      {"qr_r", one([](const Array& x) { return linalg::qr(x).second; }), {tall}},
      {"svd_s", one([](const Array& x) { return linalg::svd(x).s; }), {tall}},
      // Signs are arbitrary; what they leave is not.
      {"svd_uv",
       one([](const Array& x) {
         const linalg::Svd d = linalg::svd(x);
         return matmul(ashlar::square(d.u), ashlar::square(d.vt));
       }),
       {tall}},
      {"eigh_values",
       one([](const Array& x) { return linalg::eigh(symmetric(x)).first; }),
       {square}},
      {"eigh_vectors",
       one([](const Array& x) { return ashlar::square(linalg::eigh(symmetric(x)).second); }),
       {square}},
      {"norm", one([](const Array& x) { return linalg::norm(x, -1); }), {tall}},
      {"cross",
       [](const Arrays& x) { return Arrays{linalg::cross(x[0], x[1])}; },
       {tall, numbers({4, 3}, -1, 1, 8)}},
      {"matrix_power", one([](const Array& x) { return linalg::matrix_power(x, -2); }), {square}},
  };
}

class Linalg : public ::testing::TestWithParam<LinalgCase> {};

// Central differences of f32 results: about three digits.
void expect_gradient(const ArrayFunction& function, const Arrays& inputs) {
  constexpr double kStep = 1e-2;
  const Array weights = numbers(function(inputs)[0].shape(), 0.5, 1.5, 11);
  const Arrays back = vjp(function, inputs, {weights}).second;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<double> gradient = values_of(back[i]);
    for (std::int64_t e = 0; e < inputs[i].size(); ++e) {
      const Array direction = reshape(
          astype(arange(inputs[i].size()) == static_cast<int>(e), DType::f32), inputs[i].shape());
      Arrays up = inputs, down = inputs;
      up[i] = inputs[i] + direction * kStep;
      down[i] = inputs[i] - direction * kStep;
      const double slope = (values_of(sum(function(up)[0] * weights))[0] -
                            values_of(sum(function(down)[0] * weights))[0]) /
                           (2 * kStep);
      EXPECT_NEAR(gradient[static_cast<std::size_t>(e)], slope, 5e-3 * (1 + std::abs(slope)))
          << "operand " << i << ", element " << e;
    }
  }
}

TEST_P(Linalg, GradientAgreesWithDifferences) {
  expect_gradient(GetParam().function, GetParam().inputs);
}

TEST_P(Linalg, SecondDerivativeAgreesWithDifferences) {
  expect_gradient(slope_of(GetParam().function, GetParam().inputs), GetParam().inputs);
}

TEST_P(Linalg, VmapIsALoop) {
  const auto& [name, function, inputs] = GetParam();
  Arrays batch;
  for (const Array& input : inputs)
    batch.push_back(stack({input, input * 1.25}));
  const Array together = vmap(function)(batch)[0];
  for (int row = 0; row < 2; ++row) {
    Arrays rows;
    for (const Array& input : batch)
      rows.push_back(input(row));
    expect_close(together(row), function(rows)[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, Linalg, ::testing::ValuesIn(cases()),
                         [](const auto& test) { return test.param.name; });

TEST(Linalg, RunsOnTheDeviceBetweenOtherFunctions) {
  const Array x = numbers({3, 3}) + identity(3) * 2;
  const Array twice = linalg::inv(matmul(linalg::inv(x), identity(3)) + 0);
  EXPECT_TRUE(all_close(twice, x, {.relative = 1e-4, .absolute = 1e-4}).item<bool>());
}

TEST(Linalg, MakesNormalVectorsOfAnyCovariance) {
  const Array key = random::key(4), factor = tril(numbers({3, 3})) + identity(3) * 2,
              mean = numbers({3}, -1, 1, 3);
  const Array covariance = matmul(factor, transposed(factor));
  expect_close(random::multivariate_normal(key, mean, covariance, {2, 5}),
               matmul(random::normal(key, {2, 5, 3}), transposed(factor)) + mean);
}

TEST(Linalg, RefusesWhatHasNoResult) {
  EXPECT_THAT([] { eval(linalg::inv(zeros({2, 2}))); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[linalg] inv: the matrix is singular")));
  EXPECT_THAT([] { eval(linalg::cholesky(-identity(2))); },
              ThrowsMessage<InvalidArgument>(HasSubstr("not positive definite")));
  EXPECT_THAT([] { linalg::inv(zeros({2, 3})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected square matrices, got [2, 3]")));
  EXPECT_THAT([] { linalg::solve(zeros({2, 2}), zeros({3})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("does not fit")));
  EXPECT_THAT([] { linalg::cross(zeros({4}), zeros({4})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected 2 or 3 elements, got 4")));
}

TEST(Linalg, IsNoPartOfAClosure) {
  const auto inverse = compile([](const Array& x) { return linalg::inv(x); });
  EXPECT_THAT([&] { inverse(identity(2)); },
              ThrowsMessage<InvalidArgument>(HasSubstr("runs on the host")));
}

TEST(Linalg, EigenvaluesOfAnyMatrixHaveNoDerivative) {
  const auto f = [](const Array& x) { return sum(linalg::eigvals(x).real()); };
  EXPECT_THAT([&] { grad(f)(identity(2)); },
              ThrowsMessage<Unsupported>(HasSubstr("eig has no derivative")));
}

}  // namespace
}  // namespace ashlar::testing
