// SPDX-License-Identifier: Apache-2.0
// Blocks of transformers, block products and what else is made of them, against plain loops.
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

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

void expect_near(const std::vector<double>& actual, const std::vector<double>& expected,
                 double tolerance = 2e-5) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i)
    EXPECT_NEAR(actual[i], expected[i], tolerance * (1 + std::abs(expected[i]))) << "element " << i;
}

TEST(Fast, Norms) {
  const Array x = array({1.0F, -2.0F, 3.0F, 4.0F}, {1, 4}), w = array({1.0F, 2.0F, 3.0F, 4.0F});
  const double rms = std::sqrt(30.0 / 4 + 0.5);
  expect_near(values_of(fast::rms_norm(x, w, 0.5)), {1 / rms, -4 / rms, 9 / rms, 16 / rms});
  const double deviation = std::sqrt((0.25 + 12.25 + 2.25 + 6.25) / 4 + 0.5);
  expect_near(values_of(fast::layer_norm(x, w, ones({4}), 0.5)),
              {-0.5 / deviation + 1, -7 / deviation + 1, 4.5 / deviation + 1, 10 / deviation + 1});
  EXPECT_EQ(fast::rms_norm(astype(x, DType::bf16), {}, 1e-5).dtype(), DType::bf16);
}

// Pair i of position p turns by p / base^(2i / dims).
TEST(Fast, Rope) {
  const Array x = numbers({2, 3, 6});
  const auto given = values_of(x);
  for (bool traditional : {false, true}) {
    const auto turned =
        values_of(fast::rope(x, 4, 5, {.traditional = traditional, .base = 100, .scale = 0.5}));
    std::vector<double> expected = given;
    for (std::size_t row = 0; row < 6; ++row)
      for (std::size_t i = 0; i < 2; ++i) {
        const double angle = (5 + static_cast<double>(row % 3)) * 0.5 /
                             std::pow(100, 2 * static_cast<double>(i) / 4);
        const std::size_t a = row * 6 + (traditional ? 2 * i : i),
                          b = row * 6 + (traditional ? 2 * i + 1 : i + 2);
        expected[a] = given[a] * std::cos(angle) - given[b] * std::sin(angle);
        expected[b] = given[a] * std::sin(angle) + given[b] * std::cos(angle);
      }
    expect_near(turned, expected);
  }
  const Array periods = array({1.0F, 10.0F});
  expect_near(values_of(fast::rope(x, 4, 5, {.base = 100})),
              values_of(fast::rope(x, 4, 5, {.frequencies = periods})));
  EXPECT_THAT([&] { fast::rope(x, 3, 0); },
              ThrowsMessage<InvalidArgument>(HasSubstr("cannot rotate 3 dimensions")));
}

struct Problem {
  std::int64_t batch = 2, heads = 4, groups = 2, tokens = 3, keys = 5, depth = 4, width = 3;
  double scale = 0.4, softcap = 0;
  std::vector<double> bias = std::vector<double>(2 * 4 * 3 * 5, 0.0);  // [B, H, T, S]
  std::vector<double> sinks{};
};

std::vector<double> attend(const Problem& p, const Array& q, const Array& k, const Array& v) {
  const auto query = values_of(q), key = values_of(k), value = values_of(v);
  std::vector<double> result;
  for (std::int64_t row = 0; row < p.batch * p.heads * p.tokens; ++row) {
    const std::int64_t head = row / p.tokens % p.heads;
    const std::int64_t lane = row / (p.tokens * p.heads) * p.groups + head / (p.heads / p.groups);
    std::vector<double> weights;
    double total = p.sinks.empty() ? 0 : std::exp(p.sinks[static_cast<std::size_t>(head)]);
    for (std::int64_t s = 0; s < p.keys; ++s) {
      double score = 0;
      for (std::int64_t d = 0; d < p.depth; ++d)
        score += query[static_cast<std::size_t>(row * p.depth + d)] *
                 key[static_cast<std::size_t>((lane * p.keys + s) * p.depth + d)];
      score *= p.scale;
      if (p.softcap > 0)
        score = p.softcap * std::tanh(score / p.softcap);
      weights.push_back(std::exp(score + p.bias[static_cast<std::size_t>(row * p.keys + s)]));
      total += weights.back();
    }
    for (std::int64_t e = 0; e < p.width; ++e) {
      double sum = 0;
      for (std::int64_t s = 0; s < p.keys; ++s)
        sum += weights[static_cast<std::size_t>(s)] *
               value[static_cast<std::size_t>((lane * p.keys + s) * p.width + e)];
      result.push_back(total == 0 ? 0 : sum / total);
    }
  }
  return result;
}

class Attention : public ::testing::Test {
protected:
  const Array q_ = numbers({2, 4, 3, 4}), k_ = numbers({2, 2, 5, 4}, -1, 1, 2),
              v_ = numbers({2, 2, 5, 3}, -1, 1, 3);

  // Row t stands at t + 2.
  static Problem causal(std::int64_t window) {
    Problem p;
    for (std::int64_t i = 0; i < 2 * 4 * 3 * 5; ++i) {
      const std::int64_t row = i / 5 % 3 + 2, column = i % 5;
      if (column > row || (window > 0 && column <= row - window))
        p.bias[static_cast<std::size_t>(i)] = -INFINITY;
    }
    return p;
  }

  std::vector<double> run(const fast::ScaledAttentionOptions& options) const {
    return values_of(fast::scaled_dot_product_attention(q_, k_, v_, 0.4, options));
  }
};

TEST_F(Attention, SeesEverythingOrThePast) {
  expect_near(run({}), attend({}, q_, k_, v_));
  expect_near(run({.mask = fast::Causal{}}), attend(causal(0), q_, k_, v_));
  expect_near(run({.mask = fast::Causal{}, .window = 2}), attend(causal(2), q_, k_, v_));
  expect_near(run({.softcap = 0.5}), attend({.softcap = 0.5}, q_, k_, v_));
}

TEST_F(Attention, TakesSinksAlsoWithAWindow) {
  Problem p = causal(2);
  p.sinks = {0.5, -1, 2, 0};
  p.softcap = 0.7;
  expect_near(run({.mask = fast::Causal{},
                   .window = 2,
                   .softcap = 0.7,
                   .sinks = array({0.5F, -1.0F, 2.0F, 0.0F})}),
              attend(p, q_, k_, v_));
}

TEST_F(Attention, TakesMasks) {
  Problem p;
  std::vector<float> bias;
  for (double& b : p.bias)
    bias.push_back(static_cast<float>(b = static_cast<double>(&b - p.bias.data()) / 60));
  expect_near(run({.mask = array(std::span<const float>(bias), {2, 4, 3, 5})}),
              attend(p, q_, k_, v_));
}

TEST_F(Attention, GivesZeroWhereNothingIsSeen) {
  const Array seen = arange(3) > 0;
  const auto values = run({.mask = reshape(seen, {3, 1})});
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i / 3 % 3 == 0)
      EXPECT_EQ(values[i], 0) << i;
    else
      EXPECT_NE(values[i], 0) << i;
  }
  const auto total = [&](const Array& q) {
    return sum(fast::scaled_dot_product_attention(q, k_, v_, 0.4, {.mask = reshape(seen, {3, 1})}));
  };
  for (double g : values_of(grad(total)(q_)))
    EXPECT_TRUE(std::isfinite(g));
}

TEST_F(Attention, RefusesShapesThatDisagree) {
  EXPECT_THAT([&] { fast::scaled_dot_product_attention(q_, v_, v_, 1); },
              ThrowsMessage<InvalidArgument>(HasSubstr("disagree")));
}

TEST(Blocks, GatherMaskAndSegments) {
  const Array a = numbers({3, 2, 4}), b = numbers({2, 4, 2}, -1, 1, 4);
  const Array left = array({2, 0}), right = array({1, 1});
  expect_near(values_of(gather_matmul(a, b, left, right)),
              values_of(stack({matmul(a(2), b(1)), matmul(a(0), b(1))})));
  const Array x = numbers({3, 4}), y = numbers({4, 5}, -1, 1, 4);
  const Array mask = array({true, false, false, true}, {2, 2});
  const Array cut =
      x * array({1.0F, 1.0F, 0.0F, 0.0F, 1.0F, 1.0F, 0.0F, 0.0F, 0.0F, 0.0F, 1.0F, 1.0F}, {3, 4});
  expect_near(values_of(block_masked_matmul(x, y, 2, {.lhs = mask})), values_of(matmul(cut, y)));
  EXPECT_THAT([&] { block_masked_matmul(x, y, 2, {.rhs = mask}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("does not fit blocks of 2")));
  const Array segments = array({0, 1, 1, 4}, {2, 2});
  expect_near(values_of(segmented_matmul(x, y, segments)),
              values_of(stack({matmul(x(kEllipsis, Slice(0, 1)), y(Slice(0, 1))),
                               matmul(x(kEllipsis, Slice(1, 4)), y(Slice(1, 4)))})));
}

TEST(Blocks, HadamardTransformIsItsOwnInverse) {
  const Array x = numbers({2, 256});
  expect_near(values_of(hadamard_transform(hadamard_transform(x))), values_of(x));
  EXPECT_THAT([] { hadamard_transform(zeros({12})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("power of two")));
}

TEST(Selection, ReadsPositionsOfNonzeros) {
  const Array x = array({0.0F, 3.0F, 0.0F, -1.0F, 0.0F, 2.0F}, {2, 3});
  EXPECT_THAT(nonzero(x)[0].to_vector<std::int32_t>(), ElementsAre(0, 1, 1));
  EXPECT_THAT(nonzero(x)[1].to_vector<std::int32_t>(), ElementsAre(1, 0, 2));
  EXPECT_THAT(masked_select(x, x > 0).to_vector<float>(), ElementsAre(3, 2));
  EXPECT_EQ(masked_select(x, x > 9).size(), 0);
}

TEST(Strided, ReadsAWindow) {
  const Array x = arange(10);
  EXPECT_THAT(values_of(as_strided(x, {3, 2}, {2, -1}, 3)), ElementsAre(3, 2, 5, 4, 7, 6));
  EXPECT_THAT([&] { as_strided(x, {3}, {5}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("reads elements 0 to 10 of 10")));
}

TEST(Updates, ApplyAnyFunctionToASlice) {
  const Array x = reshape(arange(6), {2, 3});
  EXPECT_THAT(values_of(slice_apply(x, {kEllipsis, 1},
                                    [](const Array& column) { return maximum(column, 3) * 10; })),
              ElementsAre(0, 30, 2, 3, 40, 5));
}

// On the device, with all three ways to divide a length: matrices, factors, chirps.
TEST(Fourier, InverseUndoesTheTransformOnTheDevice) {
  for (std::int64_t n : {60, 140, 71}) {
    const Array x = numbers({2, n});
    const Array back = fft::irfft(fft::rfft(x), n);
    EXPECT_TRUE(all_close(back, x, {.relative = 1e-4, .absolute = 1e-5}).item<bool>()) << n;
  }
}

// The transform is linear, and its transpose is itself.
TEST(Fourier, HasDerivativesAndBatches) {
  const auto power = [](const Array& x) { return sum(abs_squared(fft::rfft(x))); };
  const Array x = numbers({6});
  // Frequencies 1 and 2 occur once more, as their conjugates, in the full spectrum.
  const ComplexArray all = fft::fft(ComplexArray(x));
  const Array half = array({1.0F, 1.0F, 1.0F, 1.0F, 0.0F, 0.0F});
  const Array expected = fft::ifft(all * half).real() * (2.0 * 6);
  expect_near(values_of(grad(power)(x)), values_of(expected), 1e-4);
  const Array rows = numbers({3, 6}, -1, 1, 9);
  expect_near(values_of(vmap(power)(rows)), values_of(sum(abs_squared(fft::rfft(rows)), -1)));
}

}  // namespace
}  // namespace ashlar::testing
