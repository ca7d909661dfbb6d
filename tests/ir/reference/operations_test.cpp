// SPDX-License-Identifier: Apache-2.0
// The reference operations against values worked out by hand or stated in public sources.
#include "ir/reference/operations.h"

#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace ashlar::reference {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

Tensor reals(Shape shape, std::vector<double> values, DType dtype = DType::f32) {
  Tensor tensor({dtype, std::move(shape)});
  tensor.reals = std::move(values);
  return tensor;
}

Tensor integers(Shape shape, std::vector<std::int64_t> values, DType dtype = DType::i32) {
  Tensor tensor({dtype, std::move(shape)});
  tensor.integers = std::move(values);
  return tensor;
}

template <typename... T>
Tensor apply(OpKind kind, const Attributes& attributes, const T&... operands) {
  const std::vector<Tensor> all{operands...};
  return evaluate(kind, all, attributes);
}

TEST(Reference, RoundsOnceToTheResultType) {
  const Tensor x = reals({1}, {1.0}, DType::bf16), tiny = reals({1}, {0x1p-8}, DType::bf16);
  EXPECT_THAT(apply(OpKind::add, {}, x, tiny).reals, ElementsAre(1.0));
}

TEST(Reference, IntegerDivisionFollowsTheFloor) {
  const Tensor x = integers({6}, {7, -7, 7, -7, 5, INT32_MIN}),
               y = integers({6}, {2, 2, -2, -2, 0, -1});
  EXPECT_THAT(apply(OpKind::floor_divide, {}, x, y).integers,
              ElementsAre(3, -4, -4, 3, 0, INT32_MIN));
  EXPECT_THAT(apply(OpKind::remainder, {}, x, y).integers, ElementsAre(1, 1, -1, -1, 0, 0));
}

TEST(Reference, ShiftsOutsideTheWidth) {
  const Tensor x = integers({3}, {-8, -8, 1}, DType::i8), y = integers({3}, {9, 1, -1}, DType::i8);
  EXPECT_THAT(apply(OpKind::right_shift, {}, x, y).integers, ElementsAre(-1, -4, 0));
  EXPECT_THAT(apply(OpKind::left_shift, {}, x, y).integers, ElementsAre(0, -16, 0));
}

TEST(Reference, DequantizeReadsAStreamOfBits) {
  // 5 bits: number 6 is 1 in bits 30..31 of the first word and 3 in bits 0..2 of the second.
  const Tensor packed = integers({1, 5}, {0x4000001f, 0x3, 0, 0, 0x8000'0000}, DType::u32);
  const Tensor scale = reals({1, 1}, {0.5}), bias = reals({1, 1}, {-1});
  const Tensor result =
      apply(OpKind::dequantize,
            {{"bits", std::int64_t{5}}, {"group_size", std::int64_t{32}}, {"dtype", DType::f32}},
            packed, scale, bias);
  EXPECT_EQ(result.type, (ArrayType{DType::f32, Shape{1, 32}}));
  EXPECT_EQ(result.reals[0], 0.5 * 31 - 1);
  EXPECT_EQ(result.reals[1], -1);
  EXPECT_EQ(result.reals[6], 0.5 * (1 + 3 * 4) - 1);
  EXPECT_EQ(result.reals[31], 0.5 * 16 - 1);
}

TEST(Reference, UnsignedSixtyFourBitComparesUnsigned) {
  const Tensor x = integers({1}, {-1}, DType::u64), y = integers({1}, {1}, DType::u64);
  EXPECT_THAT(apply(OpKind::greater, {}, x, y).integers, ElementsAre(1));
  EXPECT_THAT(apply(OpKind::maximum, {}, x, y).integers, ElementsAre(-1));
}

TEST(Reference, CastsSaturateTruncateAndWrap) {
  const Attributes to_i8{{"dtype", DType::i8}};
  EXPECT_THAT(apply(OpKind::cast, to_i8, reals({5}, {-1.9, 300, -300, kNan, kInf})).integers,
              ElementsAre(-1, 127, -128, 0, 127));
  EXPECT_THAT(apply(OpKind::cast, to_i8, integers({1}, {200})).integers, ElementsAre(-56));
}

TEST(Reference, BitcastsKeepBits) {
  const auto as = [](DType dtype, const Tensor& x) {
    return apply(OpKind::bitcast, {{"dtype", dtype}}, x);
  };
  EXPECT_THAT(as(DType::i32, reals({3}, {1, -0.0, kInf})).integers,
              ElementsAre(0x3f800000, INT32_MIN, 0x7f800000));
  EXPECT_THAT(as(DType::f16, integers({2}, {0x3c00, 0xc000}, DType::u16)).reals,
              ElementsAre(1, -2));
  EXPECT_THAT(as(DType::u8, integers({1}, {-1}, DType::i8)).integers, ElementsAre(255));
}

TEST(Reference, MaximumPropagatesNan) {
  const Tensor result = apply(OpKind::maximum, {}, reals({2}, {kNan, 1}), reals({2}, {0, kNan}));
  EXPECT_TRUE(std::isnan(result.reals[0]) && std::isnan(result.reals[1]));
}

// Known-answer tests of the Random123 distribution for philox4x32-10.
TEST(Reference, PhiloxKnownAnswers) {
  const auto word = [](std::int64_t w, std::uint32_t v) {
    const Tensor t = integers({1}, {v}, DType::u32);
    return apply(OpKind::philox, {{"word", w}}, t, t, t, t, t, t).integers[0];
  };
  EXPECT_EQ(word(0, 0), 0x6627e8d5);
  EXPECT_EQ(word(1, 0), 0xe169c58d);
  EXPECT_EQ(word(2, 0), 0xbc57ac4c);
  EXPECT_EQ(word(3, 0), 0x9b00dbd8);
  EXPECT_EQ(word(0, 0xffffffff), 0x408f276d);
  EXPECT_EQ(word(3, 0xffffffff), 0x6d5451fd);
}

TEST(Reference, SliceReverses) {
  const Attributes reverse{{"starts", std::vector<std::int64_t>{2}},
                           {"sizes", std::vector<std::int64_t>{3}},
                           {"steps", std::vector<std::int64_t>{-1}}};
  EXPECT_THAT(apply(OpKind::slice, reverse, integers({3}, {1, 2, 3})).integers,
              ElementsAre(3, 2, 1));
}

TEST(Reference, Mxfp4IsACodeTimesAPowerOfTwo) {
  // Codes 0 to 7, then with a sign; the same bytes as words; scales of 1, 2^-127 and NaN.
  std::vector<std::int64_t> bytes(48, 0),
      words{0x76543210, 0xFEDCBA98, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0};
  for (std::size_t i = 0; i < 8; ++i)
    bytes[i] = static_cast<std::int64_t>(0x10 + 0x22 * i);
  bytes[16] = bytes[32] = 2;
  const Attributes to_f32{{"dtype", DType::f32}};
  const Tensor scales = integers({1, 3}, {127, 0, 255}, DType::u8);
  const Tensor as_words =
      apply(OpKind::dequantize_mxfp4, to_f32, integers({1, 12}, words, DType::u32), scales);
  EXPECT_THAT(std::vector(as_words.reals.begin(), as_words.reals.begin() + 16),
              ElementsAre(0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6));
  EXPECT_EQ(as_words.reals[32], 0x1p-127);
  EXPECT_TRUE(std::isnan(as_words.reals[64]));
  const Tensor as_bytes =
      apply(OpKind::dequantize_mxfp4, to_f32, integers({1, 3, 16}, bytes, DType::u8), scales);
  for (std::size_t i = 0; i < 64; ++i)
    EXPECT_EQ(as_bytes.reals[i], as_words.reals[i]) << i;
}

TEST(Reference, SmallFloatsHaveScales) {
  // e4m3: 0, the least and the largest denormal, 1, the largest, -1; e5m2: 1 and the least.
  const auto numbers = [](std::int64_t exponent, std::int64_t mantissa, std::int64_t low,
                          std::int64_t high) {
    std::vector<std::int64_t> words(8, 0);
    words[0] = low;
    words[1] = high;
    return apply(OpKind::dequantize_float,
                 {{"exponent_bits", exponent},
                  {"mantissa_bits", mantissa},
                  {"group_size", std::int64_t{16}},
                  {"dtype", DType::f32}},
                 integers({1, 8}, words, DType::u32), reals({1, 2}, {2, 1}))
        .reals;
  };
  const std::vector<double> e4m3 = numbers(4, 3, 0x38070100, 0xB87E);
  EXPECT_THAT(std::vector(e4m3.begin(), e4m3.begin() + 6),
              ElementsAre(0, 2 * 0x1p-9, 2 * 7 * 0x1p-9, 2, 2 * 448, -2));
  const std::vector<double> e5m2 = numbers(5, 2, 0x013C, 0);
  EXPECT_THAT(std::vector(e5m2.begin(), e5m2.begin() + 3), ElementsAre(2, 2 * 0x1p-16, 0));
}

TEST(Reference, KScalesHaveTwoSteps) {
  // d is 2, m a half. Byte 0 is 0xF3, byte 1 is 0x05.
  const std::vector<std::int64_t> record{0x38004000, 0x05F3, 0, 0, 0};
  const auto numbers = [&](std::int64_t bits) {
    // All numbers are 3.
    std::vector<std::int64_t> words(static_cast<std::size_t>(8 * bits), 0);
    for (std::int64_t bit = 0; bit < 256 * bits; ++bit)
      if (bit % bits < 2)
        words[static_cast<std::size_t>(bit / 32)] |= std::int64_t{1} << bit % 32;
    return apply(OpKind::dequantize_k, {{"bits", bits}, {"dtype", DType::f32}},
                 integers({1, 8 * bits}, words, DType::u32), integers({1, 5}, record, DType::u32))
        .reals;
  };
  EXPECT_EQ(numbers(4)[0], 2 * 0xF3 * 3 - 0.5 * 5);
  EXPECT_EQ(numbers(5)[31], 2 * 0xF3 * 3 - 0.5 * 5);
  EXPECT_EQ(numbers(4)[32], 0);
  EXPECT_EQ(numbers(2)[0], 2 * 3 * 3 - 0.5 * 15);
  EXPECT_EQ(numbers(2)[16], 2 * 5 * 3);
  EXPECT_EQ(numbers(3)[0], 2 * -13 * (3 - 4));
  EXPECT_EQ(numbers(6)[16], 2 * 5 * (3 - 32));
  EXPECT_EQ(numbers(6)[32], 0);
}

// Row s by the matrix of its number; numbers outside choose the nearest.
TEST(Reference, ExpertMatmulSumsRowsTimesChosenMatrices) {
  const Tensor rows = reals({2, 2, 1}, {1, 2, 3, 4}),
               matrices = reals({2, 3, 1}, {1, 2, 3, 10, 20, 30});
  const Attributes transposed{{"transpose_rhs", true}, {"dtype", DType::f32}};
  EXPECT_THAT(
      apply(OpKind::expert_matmul, transposed, rows, matrices, integers({2, 2}, {0, 1, -1, 9}))
          .reals,
      ElementsAre(21, 42, 63, 43, 86, 129));
  EXPECT_THAT(apply(OpKind::expert_matmul, transposed, rows, matrices,
                    integers({2, 2}, {0, -1, 0, 0}, DType::u64))
                  .reals,
              ElementsAre(21, 42, 63, 7, 14, 21));
  const Attributes plain{{"transpose_rhs", false}, {"dtype", DType::f32}};
  EXPECT_THAT(apply(OpKind::expert_matmul, plain, reals({1, 1, 2}, {1, 2}),
                    reals({1, 2, 2}, {1, 2, 3, 4}), integers({1, 1}, {0}))
                  .reals,
              ElementsAre(7, 10));
}

TEST(Reference, TakeReadsZeroOutsideAndWrapsNegatives) {
  const Tensor x = integers({2, 2}, {1, 2, 3, 4});
  EXPECT_THAT(
      apply(OpKind::take, {{"axis", std::int64_t{0}}}, x, integers({3}, {-1, 2, 0})).integers,
      ElementsAre(3, 4, 0, 0, 1, 2));
}

TEST(Reference, ScatterDropsOutsideAndLastWins) {
  const Tensor target = integers({3, 1}, {1, 2, 3}), rows = integers({4, 1}, {7, 8, 9, 10});
  const Attributes axis{{"axis", std::int64_t{0}}};
  EXPECT_THAT(apply(OpKind::scatter, axis, target, integers({4, 1}, {0, -1, 0, 3}), rows).integers,
              ElementsAre(9, 2, 3));
  EXPECT_THAT(
      apply(OpKind::scatter_add, axis, target, integers({4, 1}, {0, -1, 0, 3}), rows).integers,
      ElementsAre(17, 2, 3));
}

TEST(Reference, ArgmaxPrefersTheLowestIndexAndTheFirstNan) {
  const Attributes last{{"axis", std::int64_t{0}}, {"keepdims", false}};
  EXPECT_THAT(apply(OpKind::argmax, last, reals({4}, {1, 3, 3, 2})).integers, ElementsAre(1));
  EXPECT_THAT(apply(OpKind::argmax, last, reals({4}, {1, kNan, kNan, 9})).integers, ElementsAre(1));
}

TEST(Reference, SortsStablyWithNanLast) {
  const Attributes descending{{"axis", std::int64_t{0}}, {"descending", true}};
  const Tensor x = reals({5}, {1, kNan, 3, 3, -kInf});
  EXPECT_THAT(apply(OpKind::argsort, descending, x).integers, ElementsAre(2, 3, 0, 4, 1));
  EXPECT_THAT(
      apply(OpKind::topk_indices, {{"axis", std::int64_t{0}}, {"k", std::int64_t{2}}}, x).integers,
      ElementsAre(2, 3));
}

TEST(Reference, SortsInnerAxisOfManyLanes) {
  const Attributes ascending{{"axis", std::int64_t{0}}, {"descending", false}};
  EXPECT_THAT(apply(OpKind::sort, ascending, integers({2, 3}, {4, 1, 6, 3, 2, 5})).integers,
              ElementsAre(3, 1, 5, 4, 2, 6));
}

TEST(Reference, CumsumBothWays) {
  const auto cumsum = [](bool reverse, bool exclusive) {
    const Attributes attributes{
        {"axis", std::int64_t{0}}, {"reverse", reverse}, {"exclusive", exclusive}};
    return apply(OpKind::cumsum, attributes, integers({3}, {1, 2, 4})).integers;
  };
  EXPECT_THAT(cumsum(false, false), ElementsAre(1, 3, 7));
  EXPECT_THAT(cumsum(false, true), ElementsAre(0, 1, 3));
  EXPECT_THAT(cumsum(true, false), ElementsAre(7, 6, 4));
}

TEST(Reference, EmptyReductions) {
  const Attributes attributes{{"axes", std::vector<std::int64_t>{1}}, {"keepdims", false}};
  EXPECT_THAT(apply(OpKind::reduce_sum, attributes, reals({2, 0}, {})).reals, ElementsAre(0, 0));
  EXPECT_THAT(apply(OpKind::reduce_prod, attributes, reals({0, 2}, {})).reals, IsEmpty());
}

Attributes attention_attributes(std::int64_t window = 0, std::int64_t ring = 0) {
  return {{"scale", 1.0}, {"causal", true}, {"window", window}, {"softcap", 0.0}, {"ring", ring}};
}

TEST(Reference, AttentionAveragesVisibleValuesOnly) {
  const Tensor query = reals({1, 1, 1, 1}, {0}), key = reals({4, 1, 1, 1}, {1, 1, 1, kNan});
  const Tensor value = reals({4, 1, 1, 1}, {2, 4, 9, kNan});
  const Tensor position = integers({1}, {2}), length = integers({1}, {3});
  EXPECT_THAT(
      apply(OpKind::attention, attention_attributes(), query, key, value, position, length).reals,
      ElementsAre(5));
  EXPECT_THAT(
      apply(OpKind::attention, attention_attributes(2), query, key, value, position, length).reals,
      ElementsAre(6.5));
  EXPECT_THAT(
      apply(OpKind::attention, attention_attributes(0, 2), query, key, value, position, length)
          .reals,
      ElementsAre(static_cast<double>(static_cast<float>(8.0 / 3))));
}

TEST(Reference, AttentionWithoutKeysIsZero) {
  const Tensor query = reals({1, 1, 1, 1}, {1}), cache = reals({1, 1, 1, 1}, {kNan});
  const Tensor zero = integers({1}, {0});
  EXPECT_THAT(
      apply(OpKind::attention, attention_attributes(), query, cache, cache, zero, zero).reals,
      ElementsAre(0));
}

TEST(Reference, MismatchesNameTheOp) {
  try {
    apply(OpKind::add, {}, reals({2}, {1, 2}), reals({3}, {1, 2, 3}));
    FAIL();
  } catch (const InvalidArgument& error) {
    EXPECT_STREQ(error.what(), "[add] operands differ: f32[2] and f32[3]");
  }
}

}  // namespace
}  // namespace ashlar::reference
