// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/can_cast.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ashlar {
namespace {

TEST(DType, NamesRoundTrip) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const auto dtype = static_cast<DType>(i);
    EXPECT_EQ(parse_dtype(name_of(dtype)), dtype);
  }
  EXPECT_EQ(parse_dtype("f64"), std::nullopt);
}

TEST(DType, CastsThatKeepEveryNumber) {
  using enum DType;
  EXPECT_TRUE(can_cast(boolean, f16) && can_cast(u8, bf16) && can_cast(u8, i16));
  EXPECT_TRUE(can_cast(u16, f32) && can_cast(bf16, f32) && can_cast(i32, i64) &&
              can_cast(u64, u64));
  EXPECT_FALSE(can_cast(i16, f16) || can_cast(i32, f32) || can_cast(f16, bf16) ||
               can_cast(f32, i64));
  EXPECT_FALSE(can_cast(i8, u64) || can_cast(u32, i32) || can_cast(u8, boolean));
}

TEST(DType, HalfConversionRoundTripsEveryPattern) {
  for (std::uint32_t bits = 0; bits < 0x10000u; ++bits) {
    const float value = f16_to_float(static_cast<std::uint16_t>(bits));
    if (std::isnan(value))
      EXPECT_TRUE(std::isnan(f16_to_float(float_to_f16(value))));
    else
      ASSERT_EQ(float_to_f16(value), bits);
  }
}

TEST(DType, HalfRoundsToNearestEven) {
  EXPECT_EQ(float_to_f16(1.0f + 0x1p-11f), float_to_f16(1.0f));
  EXPECT_EQ(float_to_f16(1.0f + 0x3p-11f), float_to_f16(1.0f + 0x2p-10f));
  EXPECT_EQ(float_to_f16(65519.99f), 0x7bff);
  EXPECT_EQ(float_to_f16(65520.0f), 0x7c00);
  EXPECT_EQ(float_to_f16(-0x1p-25f), 0x8000);
  EXPECT_EQ(float_to_f16(0x1.fffffep-15f), 0x0400);  // rounds up into the normal range
}

TEST(DType, Bf16RoundsToNearestEvenAndKeepsSpecials) {
  EXPECT_EQ(float_to_bf16(1.0f + 0x1p-8f), float_to_bf16(1.0f));
  EXPECT_EQ(float_to_bf16(1.0f + 0x3p-8f), float_to_bf16(1.0f + 0x2p-7f));
  EXPECT_TRUE(std::isnan(bf16_to_float(float_to_bf16(std::numeric_limits<float>::quiet_NaN()))));
  EXPECT_EQ(bf16_to_float(float_to_bf16(-std::numeric_limits<float>::infinity())),
            -std::numeric_limits<float>::infinity());
}

}  // namespace
}  // namespace ashlar
