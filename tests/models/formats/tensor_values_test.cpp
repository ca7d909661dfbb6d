// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tensor_values.h"

#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace ashlar {
namespace {

using test::message_of;
using testing::HasSubstr;

// One tensor of `values`, whose bytes start at an odd address.
template <typename T> class Stored {
public:
  Stored(StoredType type, const std::vector<T>& values) : bytes_(1 + values.size() * sizeof(T)) {
    std::ranges::copy(std::as_bytes(std::span(values)),
                      std::as_writable_bytes(std::span(bytes_)).begin() + 1);
    info_.name = "t";
    info_.type = type;
    info_.shape = Shape({static_cast<std::int64_t>(values.size())});
    info_.end = bytes_.size() - 1;
  }

  std::vector<float> floats() const { return to_floats(info_, data()); }
  std::vector<std::int64_t> integers() const { return to_integers(info_, data()); }

private:
  std::span<const std::byte> data() const { return std::as_bytes(std::span(bytes_)).subspan(1); }

  std::vector<char> bytes_;
  TensorInfo info_;
};

using Floats = std::vector<float>;
using Integers = std::vector<std::int64_t>;

TEST(TensorValues, ConvertsToFloats) {
  EXPECT_EQ(Stored<std::uint16_t>(StoredType::bf16, {0x3f80, 0xc040, 0x7f80}).floats(),
            (Floats{1, -3, INFINITY}));
  EXPECT_EQ(Stored<std::uint16_t>(StoredType::f16, {0x3c00, 0xc200, 0x0001}).floats(),
            (Floats{1, -3, 0x1p-24f}));
  EXPECT_EQ(Stored<float>(StoredType::f32, {1.5f, -0.25f}).floats(), (Floats{1.5f, -0.25f}));
  EXPECT_EQ(Stored<double>(StoredType::f64, {0.1, 1e300, -1e-300}).floats(),
            (Floats{0.1f, INFINITY, 0}));
  EXPECT_EQ(Stored<std::int8_t>(StoredType::i8, {-128, 127}).floats(), (Floats{-128, 127}));
  EXPECT_EQ(Stored<std::uint8_t>(StoredType::u8, {255}).floats(), (Floats{255}));
  EXPECT_EQ(Stored<std::uint8_t>(StoredType::boolean, {0, 1}).floats(), (Floats{0, 1}));
  EXPECT_EQ(Stored<std::int64_t>(StoredType::i64, {-(1LL << 40)}).floats(), (Floats{-0x1p40f}));
  EXPECT_EQ(Stored<std::uint64_t>(StoredType::u64, {~0ULL}).floats(), (Floats{0x1p64f}));
  EXPECT_EQ(Stored<std::int32_t>(StoredType::i32, {-5}).floats(), (Floats{-5}));
  EXPECT_EQ(Stored<std::int16_t>(StoredType::i16, {-5}).floats(), (Floats{-5}));
  EXPECT_EQ(Stored<std::uint16_t>(StoredType::u16, {65535}).floats(), (Floats{65535}));
  EXPECT_EQ(Stored<std::uint32_t>(StoredType::u32, {}).floats(), Floats{});
}

TEST(TensorValues, ConvertsToIntegers) {
  EXPECT_EQ(Stored<std::int16_t>(StoredType::i16, {-32768, 5}).integers(), (Integers{-32768, 5}));
  EXPECT_EQ(Stored<std::uint16_t>(StoredType::u16, {65535}).integers(), (Integers{65535}));
  EXPECT_EQ(Stored<std::uint32_t>(StoredType::u32, {4294967295u}).integers(),
            (Integers{4294967295}));
  EXPECT_EQ(Stored<std::int32_t>(StoredType::i32, {-7}).integers(), (Integers{-7}));
  EXPECT_EQ(Stored<std::int64_t>(StoredType::i64, {INT64_MIN}).integers(), (Integers{INT64_MIN}));
  EXPECT_EQ(Stored<std::int8_t>(StoredType::i8, {-1}).integers(), (Integers{-1}));
  EXPECT_EQ(Stored<std::uint8_t>(StoredType::boolean, {1}).integers(), (Integers{1}));
}

TEST(TensorValues, RefusesWhatItCannotRepresent) {
  EXPECT_THAT(message_of<Unsupported>([] { Stored<char>(StoredType::f8_e4m3, {0}).floats(); }),
              HasSubstr("tensor \"t\": F8_E4M3 cannot be read as floats"));
  EXPECT_THAT(message_of<Unsupported>([] { Stored<double>(StoredType::c64, {0}).floats(); }),
              HasSubstr("C64 cannot be read as floats"));
  EXPECT_THAT(message_of<Unsupported>([] { Stored<float>(StoredType::f32, {1}).integers(); }),
              HasSubstr("F32 cannot be read as integers"));
  EXPECT_THAT(message_of<InvalidArgument>(
                  [] { Stored<std::uint64_t>(StoredType::u64, {~0ULL}).integers(); }),
              HasSubstr("18446744073709551615 passes 2^63-1"));
}

TEST(TensorValues, RefusesBytesOfAnotherSize) {
  TensorInfo info;
  info.end = 8;
  EXPECT_THAT(message_of<InvalidArgument>([&] { to_floats(info, {}); }),
              HasSubstr("expected 8 bytes, got 0"));
}

TEST(StoredType, NamesAndTypesMatch) {
  for (int i = 0; i < kStoredTypeCount; ++i) {
    const auto type = static_cast<StoredType>(i);
    EXPECT_EQ(parse_stored_type(name_of(type)), type);
    if (const auto dtype = dtype_of(type)) {
      EXPECT_EQ(stored_type_of(*dtype), type);
      EXPECT_EQ(size_of(*dtype) * 8, static_cast<std::size_t>(bits_of(type)));
    }
  }
  EXPECT_EQ(parse_stored_type("bf16"), std::nullopt);
  EXPECT_EQ(dtype_of(StoredType::f64), std::nullopt);
  EXPECT_THROW(stored_type_of(DType::complex64), Unsupported);
}

}  // namespace
}  // namespace ashlar
