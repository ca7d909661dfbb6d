// SPDX-License-Identifier: Apache-2.0
// Quantised arrays, valued by the reference evaluator.
#include "runtime/array/quantization.h"

#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using testing::reference_value;
using ::testing::ThrowsMessage;
using testing::values_of;

// Integers from -2^(bits - 1) up, again and again: scale 1 meets all of them.
Array integers_of(std::int64_t bits, const Shape& shape) {
  const Array index = arange(0, shape.element_count());
  return reshape((index % (1 << bits)) - (1 << (bits - 1)), shape).astype(DType::f32);
}

TEST(Quantization, KeepsWhatTheNumbersCanHold) {
  for (std::int64_t bits : kQuantizedBits)
    for (std::int64_t group : kQuantizedGroups) {
      if (group < std::int64_t{1} << bits)
        continue;
      const Array w = integers_of(bits, {3, 2 * group});
      const QuantizedArray quantized = quantize(w, {bits, group});
      EXPECT_EQ(quantized.packed.shape(), (Shape{3, 2 * group * bits / 32}));
      EXPECT_THAT(values_of(quantized.scales), ElementsAreArray(std::vector<double>(6, 1)));
      EXPECT_THAT(values_of(dequantize(quantized)), ElementsAreArray(values_of(w)));
    }
}

TEST(Quantization, PacksTheFirstNumberLowest) {
  const QuantizedArray quantized = quantize(integers_of(4, {32}), {4, 32});
  EXPECT_THAT(reference_value(quantized.packed).integers,
              ElementsAre(0x76543210, 0xfedcba98, 0x76543210, 0xfedcba98));
  // 3 bits: 8 numbers in 3 bytes, lowest first; the words straddle numbers 10 and 21.
  EXPECT_THAT(reference_value(quantize(integers_of(3, {32}), {3, 32}).packed).integers,
              ElementsAre(0x88fac688, 0xc688fac6, 0xfac688fa));
}

TEST(Quantization, FollowsTheLargerEdge) {
  std::vector<float> values(32, 0.5F);
  values[3] = -1.0F;
  values[4] = 2.0F;
  const QuantizedArray quantized = quantize(array(std::span<const float>(values), {32}), {2, 32});
  // Steps of -1 from 2: 2 = -2 * -1, so the scale stays and 0.5 becomes 0 (a tie, to even).
  EXPECT_THAT(values_of(quantized.scales), ElementsAre(-1));
  EXPECT_THAT(values_of(quantized.biases), ElementsAre(2));
  const std::vector<double> back = values_of(dequantize(quantized));
  EXPECT_EQ(back[3], -1);
  EXPECT_EQ(back[4], 2);
  EXPECT_EQ(back[0], 0);
}

TEST(Quantization, IsOffByHalfAStepAtMost) {
  std::vector<float> values;
  for (int i = 0; i < 256; ++i)
    values.push_back(std::sin(static_cast<float>(i * i)));
  const Array w = array(std::span<const float>(values), {2, 128});
  for (std::int64_t bits : kQuantizedBits) {
    const QuantizedArray quantized = quantize(w, {bits, 64});
    const std::vector<double> back = values_of(dequantize(quantized));
    const std::vector<double> scales = values_of(quantized.scales);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_LE(std::abs(back[i] - static_cast<double>(values[i])),
                std::abs(scales[i / 64]) * 1.001)
          << bits << " bits, element " << i;
  }
}

TEST(Quantization, ScalesHaveTheTypeOfTheInput) {
  const QuantizedArray quantized = quantize(integers_of(4, {2, 64}).astype(DType::bf16));
  EXPECT_EQ(quantized.scales.dtype(), DType::bf16);
  EXPECT_EQ(quantized.biases.dtype(), DType::bf16);
  EXPECT_EQ(dequantize(quantized).dtype(), DType::f32);
  EXPECT_EQ(dequantize(quantized, DType::f16).dtype(), DType::f16);
}

TEST(Quantization, MatmulIsThatOfTheDequantised) {
  const QuantizedArray weight = quantize(integers_of(4, {3, 64}));
  const Array x = reshape(arange(0, 128, 1, DType::f32), {2, 64});
  EXPECT_THAT(values_of(quantized_matmul(x, weight)),
              ElementsAreArray(values_of(linear(x, integers_of(4, {3, 64})))));
}

void expect_same_products(const Array& x, const Array& w, const std::optional<Array>& of_x,
                          const std::optional<Array>& of_w) {
  const QuantizedArray packed = quantize(w, {4, 32});
  const Array expected = gather_matmul(x, swapaxes(dequantize(packed), -1, -2), of_x, of_w);
  const Array actual = gather_quantized_matmul(x, packed, of_x, of_w);
  ASSERT_EQ(actual.type(), expected.type());
  const auto wanted = values_of(expected), reference = values_of(actual);
  const std::vector<float> device = actual.to_vector<float>();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_NEAR(reference[i], wanted[i], 1e-5 * (1 + std::abs(wanted[i]))) << i;
    EXPECT_NEAR(device[i], wanted[i], 1e-5 * (1 + std::abs(wanted[i]))) << i;
  }
}

TEST(Quantization, ProductsOfChosenMatrices) {
  const Array w = cos(reshape(arange(6 * 5 * 64), {6, 5, 64})),
              x = sin(reshape(arange(3 * 2 * 64), {3, 2, 64}));
  expect_same_products(x, w, {}, array({5, 0, -1}));
  expect_same_products(x, w, array({2, 0}), array({1}));
  expect_same_products(x, w, array({2, 0}), reshape(array({1, 3, 3, 0}), {2, 2}));
  expect_same_products(x, reshape(w, {2, 3, 5, 64}), {}, {});
  expect_same_products(x, w, array({0, 0, 1, 1, 2, 2}), {});
  EXPECT_THAT([&] { gather_quantized_matmul(zeros({64}), quantize(w, {4, 32}), {}, {}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("expected matrices, got [64]")));
}

TEST(Quantization, RefusesWhatTheLayoutCannotHold) {
  EXPECT_THAT([] { quantize(zeros({2, 64}), {7, 64}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("no encoding with 7 bits")));
  EXPECT_THAT([] { quantize(zeros({2, 64}), {4, 8}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("groups of 8")));
  EXPECT_THAT([] { quantize(zeros({2, 48}), {4, 16}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("groups of 32 do not divide")));
  EXPECT_THAT(
      [] { quantize(zeros({64, 48}), {4, 32}); },
      ThrowsMessage<InvalidArgument>(HasSubstr("groups of 32 do not divide the last axis")));
  EXPECT_THAT(
      [] {
        QuantizedArray broken = quantize(zeros({2, 64}));
        broken.encoding.bits = 8;
        dequantize(broken);
      },
      ThrowsMessage<InvalidArgument>(HasSubstr("expected packed [2, 16]")));
}

}  // namespace
}  // namespace ashlar
