// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/bits.h"

#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"
#include "runtime/program/float_encoding.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace ashlar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using testing::values_of;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Bytes 1, 2, 3, ..., which are no NaN under any type.
Array counting_bytes(const Shape& shape) {
  return convert(reshape(arange(1, shape.element_count() + 1), shape), DType::u8);
}

std::vector<DType> types() {
  return {DType::u8,  DType::u16, DType::u32, DType::u64,  DType::i8, DType::i16,
          DType::i32, DType::i64, DType::f16, DType::bf16, DType::f32};
}

TEST(View, HasTheBytesOfItsInput) {
  for (DType from : types()) {
    const Array x = view(counting_bytes({3, 16}), from);
    const std::vector<std::byte> bytes = x.to_bytes();
    std::vector<Array> views;
    for (DType to : types())
      views.push_back(view(x, to));
    eval(views);
    for (const Array& y : views) {
      SCOPED_TRACE(fmt::format("{} as {}", name_of(from), name_of(y.dtype())));
      EXPECT_EQ(y.shape(), (Shape{3, 16 / static_cast<std::int64_t>(size_of(y.dtype()))}));
      EXPECT_EQ(y.to_bytes(), bytes);
      EXPECT_EQ(
          testing::reference_value(view(view(counting_bytes({3, 16}), from), y.dtype())).to_bytes(),
          bytes);
    }
  }
}

TEST(View, ReadsNumbersByTheirBits) {
  EXPECT_THAT(view(array({1.0F, -0.0F, kInf}), DType::u32).to_vector<std::uint32_t>(),
              ElementsAre(0x3f800000U, 0x80000000U, 0x7f800000U));
  EXPECT_THAT(view(array<std::uint16_t>({0x3c00, 0xc000}), DType::f16).to_vector<float>(),
              ElementsAre(1, -2));
  EXPECT_EQ(view(full({}, -1), DType::u32).item<std::uint32_t>(), 0xffffffffU);
  EXPECT_THAT(view(array<bool>({true, false}), DType::i16).to_vector<std::int16_t>(),
              ElementsAre(1));
  EXPECT_THAT(view(array<std::uint16_t>({0x0200, 0x0001}), DType::boolean).to_vector<bool>(),
              ElementsAre(false, true, true, false));
}

TEST(View, TakesTransposedRowsInLogicalOrder) {
  const Array x = array<std::uint16_t>({1, 2, 3, 4}, {2, 2});
  EXPECT_THAT(view(transpose(x), DType::u32).to_vector<std::uint32_t>(),
              ElementsAre(0x00030001U, 0x00040002U));
}

TEST(View, RefusesWhatDoesNotDivide) {
  EXPECT_THAT(([] { view(counting_bytes({4, 6}), DType::f32); }),
              ThrowsMessage<InvalidArgument>(HasSubstr("[4, 6] does not divide into groups of 4")));
  EXPECT_THAT(([] { view(full({}, 1), DType::u8); }),
              ThrowsMessage<InvalidArgument>(HasSubstr("a 0-d array of i32 cannot be one of u8")));
  EXPECT_EQ(view(zeros({4, 0}), DType::u8).shape(), (Shape{4, 0}));
}

TEST(View, IsBatchedAndStopsDerivatives) {
  const Array x = reshape(arange(0, 6, 1, DType::f32), {3, 2});
  const auto bytes = [](const Array& row) { return view(row, DType::u8); };
  EXPECT_EQ(vmap(bytes)(x).to_bytes(), x.to_bytes());
  const auto with_bits = [](const Array& in) {
    return sum(in * 2) + sum(convert(view(in, DType::i32), DType::f32));
  };
  EXPECT_THAT(values_of(grad(with_bits)(x)), ::testing::Each(2.0));
}

TEST(Fp8, DecodesEveryCode) {
  const Array codes = convert(arange(256), DType::u8);
  const std::vector<float> actual = from_fp8(codes).to_vector<float>();
  for (std::uint32_t code = 0; code < 256; ++code) {
    if ((code & 0x7f) == 0x7f)
      EXPECT_TRUE(std::isnan(actual[code]));
    else
      EXPECT_EQ(actual[code], decode_small_float({4, 3, 16}, code)) << code;
  }
  EXPECT_EQ(from_fp8(codes, DType::f16).dtype(), DType::f16);
  // All but the NaNs come back.
  const std::vector<std::uint8_t> back = to_fp8(from_fp8(codes)).to_vector<std::uint8_t>();
  for (std::uint32_t code = 0; code < 256; ++code)
    if ((code & 0x7f) != 0x7f)
      EXPECT_EQ(back[code], code);
}

TEST(Fp8, RoundsToTheNearestAndSaturates) {
  const Array x = array({1.0625F, 1.1875F, 447.0F, 460.0F, 1e9F, -kInf, 0x1p-10F, 0x1.8p-10F,
                         0x1.fp-7F, kNan, -0.0F});
  EXPECT_THAT(to_fp8(x).to_vector<std::uint8_t>(),
              ElementsAre(0x38, 0x3a, 0x7e, 0x7e, 0x7e, 0xfe, 0, 1, 8, 0x7f, 0x80));
}

}  // namespace
}  // namespace ashlar
