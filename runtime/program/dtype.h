// SPDX-License-Identifier: Apache-2.0
// Element types of arrays, and host conversions between them and float.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace ashlar {

// Stored in program files: append only, never renumber.
enum class DType : std::uint8_t {
  boolean,  // one byte, 0 or 1
  u8,
  u16,
  u32,
  u64,
  i8,
  i16,
  i32,
  i64,
  f16,
  bf16,
  f32,
  complex64,  // reserved
};

inline constexpr int kDTypeCount = 13;

// Bytes of one element.
std::size_t size_of(DType dtype);

// "f32", "bf16", "bool", ...: the spelling used in IR, messages and on the command line.
std::string_view name_of(DType dtype);
std::optional<DType> parse_dtype(std::string_view name);

bool is_float(DType dtype);
bool is_integer(DType dtype);  // bool excluded
bool is_signed(DType dtype);   // signed integers and floats

inline float bf16_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// Round to nearest, ties to even; NaN stays NaN.
std::uint16_t float_to_bf16(float value);
float f16_to_float(std::uint16_t bits);
std::uint16_t float_to_f16(float value);

}  // namespace ashlar
