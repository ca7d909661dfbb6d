// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/promotion.h"

#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <gmock/gmock.h>

#include <string>

namespace ashlar {
namespace {

using enum DType;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Rows and columns: bool u8 u16 u32 u64 i8 i16 i32 i64 f16 bf16 f32.
constexpr DType kOrder[] = {boolean, u8, u16, u32, u64, i8, i16, i32, i64, f16, bf16, f32};
constexpr DType kTable[12][12] = {
    {boolean, u8, u16, u32, u64, i8, i16, i32, i64, f16, bf16, f32},
    {u8, u8, u16, u32, u64, i16, i16, i32, i64, f16, bf16, f32},
    {u16, u16, u16, u32, u64, i32, i32, i32, i64, f16, bf16, f32},
    {u32, u32, u32, u32, u64, i64, i64, i64, i64, f16, bf16, f32},
    {u64, u64, u64, u64, u64, f32, f32, f32, f32, f16, bf16, f32},
    {i8, i16, i32, i64, f32, i8, i16, i32, i64, f16, bf16, f32},
    {i16, i16, i32, i64, f32, i16, i16, i32, i64, f16, bf16, f32},
    {i32, i32, i32, i64, f32, i32, i32, i32, i64, f16, bf16, f32},
    {i64, i64, i64, i64, f32, i64, i64, i64, i64, f16, bf16, f32},
    {f16, f16, f16, f16, f16, f16, f16, f16, f16, f16, f32, f32},
    {bf16, bf16, bf16, bf16, bf16, bf16, bf16, bf16, bf16, f32, bf16, f32},
    {f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32, f32},
};

TEST(Promotion, FollowsTheTable) {
  for (int row = 0; row < 12; ++row)
    for (int column = 0; column < 12; ++column)
      EXPECT_EQ(promote(kOrder[row], kOrder[column]), kTable[row][column])
          << name_of(kOrder[row]) << " with " << name_of(kOrder[column]);
}

TEST(Promotion, OfSeveralOperands) {
  EXPECT_EQ(result_type({zeros({2}, f16), 2.5, zeros({}, bf16)}), f32);
  EXPECT_EQ(result_type({1, zeros({2}, u8)}), u8);
  EXPECT_EQ(result_type({true, 1}), i32);
  EXPECT_THROW(result_type({}), InvalidArgument);
}

TEST(Promotion, NumbersAreWeak) {
  EXPECT_EQ((zeros({2}, bf16) + 1.5).dtype(), bf16);
  EXPECT_EQ((zeros({2}, u8) + 1).dtype(), u8);
  EXPECT_EQ((zeros({2}, i64) * 0.5).dtype(), f32);
  EXPECT_EQ((zeros({2}, boolean) + 1).dtype(), i32);
  EXPECT_EQ((2 - zeros({2}, f16)).dtype(), f16);
  EXPECT_EQ((zeros({2}, boolean) == true).dtype(), boolean);
}

TEST(Promotion, OperandsReachTheTypesAnOpTakes) {
  EXPECT_EQ(exp(zeros({2}, i32)).dtype(), f32);
  EXPECT_EQ(exp(zeros({2}, bf16)).dtype(), bf16);
  EXPECT_EQ((zeros({2}, i32) / zeros({2}, i32)).dtype(), f32);
  EXPECT_EQ(logical_and(zeros({2}, f32), zeros({2}, i32)).dtype(), boolean);
  EXPECT_EQ((zeros({2}, boolean) + zeros({2}, boolean)).dtype(), i32);
  EXPECT_EQ((zeros({2}, boolean) & zeros({2}, boolean)).dtype(), boolean);
  EXPECT_EQ((zeros({2}, i32) & zeros({2}, boolean)).dtype(), i32);
  EXPECT_EQ(sum(zeros({2}, boolean)).dtype(), i32);
  EXPECT_EQ(mean(zeros({2}, i32)).dtype(), f32);
  EXPECT_EQ(softmax(zeros({2}, f16)).dtype(), f16);
}

TEST(Promotion, RefusesWhatNoConversionServes) {
  EXPECT_THAT([] { zeros({2}, f32) << 1; },
              ThrowsMessage<InvalidArgument>(HasSubstr("[left_shift] does not take f32")));
  EXPECT_THAT([] { zeros({2}, u8) + 256; },
              ThrowsMessage<InvalidArgument>(HasSubstr("256 does not fit u8")));
  EXPECT_THAT([] { zeros({2}, u8) + -1; },
              ThrowsMessage<InvalidArgument>(HasSubstr("-1 does not fit u8")));
  EXPECT_THAT([] { zeros({2}, i8) + -129; },
              ThrowsMessage<InvalidArgument>(HasSubstr("-129 does not fit i8")));
  EXPECT_NO_THROW(zeros({2}, i8) + -128);
  EXPECT_NO_THROW(zeros({2}, u8) + 255);
}

TEST(Broadcasting, JoinsShapes) {
  EXPECT_EQ((zeros({2, 1, 3}) + zeros({4, 1})).shape(), (Shape{2, 4, 3}));
  EXPECT_EQ((zeros({}) + zeros({5})).shape(), (Shape{5}));
  EXPECT_EQ((zeros({0, 3}) * zeros({1, 3})).shape(), (Shape{0, 3}));
  EXPECT_EQ(where(zeros({3, 1}, boolean), 1.0, zeros({2})).shape(), (Shape{3, 2}));
  EXPECT_THAT([] { zeros({2, 3}) + zeros({2}); },
              ThrowsMessage<InvalidArgument>(HasSubstr("[2, 3] and [2] do not broadcast")));
}

}  // namespace
}  // namespace ashlar
