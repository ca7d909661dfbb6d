// SPDX-License-Identifier: Apache-2.0
// Graphs that random testing has found to go wrong, in their smallest form.
#include "runtime/array/closure.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/table_functions.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>

namespace ashlar::testing {
namespace {

Array counting(const Shape& shape) {
  return reshape(arange(0, shape.element_count(), 1, DType::f32), shape);
}

// Computed in one program.
void expect_as_reference(const std::vector<Array>& arrays) {
  std::vector<std::vector<double>> expected;
  for (const Array& array : arrays)
    expected.push_back(values_of(array));
  eval(arrays);
  for (std::size_t i = 0; i < arrays.size(); ++i)
    EXPECT_EQ(values_of(arrays[i]), expected[i]) << "array " << i;
}

void expect_as_reference(const Array& array) {
  expect_as_reference(std::vector{array});
}

// Random words behind a product were taken for something that moves elements.
TEST(FoundGraphs, RandomWordsOfAProduct) {
  const Array words = astype(matmul(counting({3, 2}), counting({2, 3})), DType::u32);
  const Array zero = zeros({3, 3}, DType::u32);
  expect_as_reference(table::philox(zero, zero, zero, zero, zero, words, 1)(Slice(1, 3)));
}

// Packets crossed the rows of a sum over nothing.
TEST(FoundGraphs, SumOverNoAxis) {
  expect_as_reference(argmin(
      sum(array({5.0F, 4.0F, 3.0F, -1.0F, 2.0F, 7.0F, 1.0F, 6.0F}), std::vector<int>{}, true), 0,
      true));
}

TEST(FoundGraphs, ClosureWithoutElements) {
  const auto first = compile([](const Array& x) { return x; });
  EXPECT_EQ(first(zeros({0, 2})).to_vector<float>(), std::vector<float>{});
  const auto constant = compile([](const Array& x) { return std::vector{zeros({3, 0}), x + 1}; });
  EXPECT_EQ(constant(ones({2}))[1].to_vector<float>(), (std::vector<float>{2, 2}));
}

// Updates were read from rows that other threads had changed already.
TEST(FoundGraphs, StateScatteredIntoItself) {
  const State state("found.scattered", DType::f32, {64});
  const Array contents = counting({64});
  state.update(counting({64}));
  const auto step = compile([](const State& s, const Array& at) {
    s.update(scatter_add(s.read(), at, flip(s.read(), 0)));
  });
  const Array at = arange(0, 64) * 7 % 64;
  const auto expected = values_of(scatter_add(contents, at, flip(contents, 0)));
  step(state, at);
  EXPECT_EQ(values_of(state.read()), expected);
}

// The state's buffer took the first update, and the state the second one, of a copy.
TEST(FoundGraphs, StateUpdatedTwiceAndReadBetween) {
  const State state("found.twice", DType::f32, {3});
  state.update(array({1.0F, 2.0F, 3.0F}));
  const auto step = compile([](const State& s, const Array& at) {
    const Array first = scatter(s.read(), at, ones({1}));
    s.update(scatter(first, at + 1, zeros({1})));
    return first;
  });
  EXPECT_EQ(step(state, array({0})).to_vector<float>(), (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(values_of(state.read()), (std::vector<double>{1, 0, 3}));
  EXPECT_EQ(step(state, array({1})).to_vector<float>(), (std::vector<float>{1, 1, 3}));
  EXPECT_EQ(values_of(state.read()), (std::vector<double>{1, 1, 0}));
}

// Whether a later update meets this one was asked with the reduction of this one's row.
TEST(FoundGraphs, ScatterToRowsThatReductionsChoose) {
  const Array rows = array({1, 1, 1, 0, 1, 1}, {2, 3});
  const Array chosen = argmin(rows, 1);  // 0, 0
  const Array other = argmax(rows, 1);   // 0, 1
  const Array x = array({1.75F, 2.0F, -4.0F});
  expect_as_reference(scatter(x, other, astype(other, DType::f32)));
  expect_as_reference(scatter(x, chosen, astype(other, DType::f32)));
}

// lavapipe took such comparisons for always true or always false.
TEST(FoundGraphs, WidenedNumbersComparedWithConstants) {
  const Array numbers = astype(array({-3, -1, 0, 2}), DType::i64);
  expect_as_reference({numbers<0, numbers <= -1, numbers> - 2, numbers >= 2, abs(numbers),
                       take(counting({4}), numbers)});
}

// Floats of negative numbers become 0 there; the numbers themselves would wrap.
TEST(FoundGraphs, NegativeIntegersByFloatsToUnsigned) {
  const Array numbers = astype(array({-8, -1, 3}), DType::i8);
  expect_as_reference(astype(astype(numbers + 0, DType::bf16), DType::u32));
}

// NVIDIA's 580.159 saturated the low word, as if the float were converted to 32 bits.
TEST(FoundGraphs, LowWordsOfLargeFloats) {
  const Array large = array({4.2e18F, -4.2e18F, 3.5F, -3.5F, 6e9F, 2e19F, -1e19F});
  for (DType wide : {DType::u64, DType::i64})
    expect_as_reference({astype(large, wide), astype(astype(large, wide), DType::i32)});
}

// NVIDIA's 580.159 converted the sign-extended words as signed.
TEST(FoundGraphs, NegativeIntegersByUnsignedToFloats) {
  const std::vector<std::int8_t> bytes{-65, -128, -1, 0, 1, 127, -2, 64};
  const std::vector<std::int16_t> halves{-65, -32768, -1, 0, 1, 32767, -2, 256};
  const Array narrow = array<std::int8_t>(bytes, {8}), wider = array<std::int16_t>(halves, {8});
  for (const Array& numbers : {narrow, wider, narrow + 0, wider + 0})
    expect_as_reference(astype(astype(numbers, DType::u32), DType::f32));
}

// NVIDIA's 580.159 took the lesser of x and -x for unsigned, and the quotients for 1 / 5.
TEST(FoundGraphs, LesserOfNumbersAndTheirNegativesToFloats) {
  const Array numbers = array({1, -2, 0, 3, 5, -7, 100, -100});
  const Array lesser = astype(minimum(numbers, -numbers), DType::f32);
  expect_as_reference(1.0F / (abs(clip(lesser, -4.0F, 4.0F)) + 1.0F));
}

// Kernels waited for each other: one that others read already came to read what it used to compute.
TEST(FoundGraphs, StoredBroadcastOfAMinimum) {
  const Array least = min(counting({3, 17}), std::vector{0, 1}, true);
  const Array spread = broadcast_to(least, {3, 17});
  expect_as_reference({spread, -least, sum(counting({3, 17}) + spread, 1)});
}

TEST(FoundGraphs, StoredBiasesOfAMinimum) {
  const Array least = argmin(counting({4}));
  const Array biases = broadcast_to(astype(least, DType::f16), {2, 1});
  const Array weight = table::dequantize(astype(reshape(arange(0, 10), {2, 5}), DType::u32),
                                         ones({2, 1}, DType::f16), biases, 5, 32, DType::bf16);
  expect_as_reference(
      {weight, any(weight, 0), broadcast_to(astype(least, DType::f32), {4}), biases});
}

}  // namespace
}  // namespace ashlar::testing
