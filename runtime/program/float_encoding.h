// SPDX-License-Identifier: Apache-2.0
// How small floats encode rows of numbers, as MXFP4, MXFP8, NVFP4 and FP8 checkpoints do:
// `group_size` adjacent numbers share a scale, number = scale * f. From the top f has a sign bit,
// the exponent and the mantissa; the exponent's bias is 2^(exponent_bits - 1) - 1, exponent 0 means
// denormals, and the largest exponent is one like the others: there are no infinities. A row of f
// is a stream of bits, lowest first, in 32-bit words.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

namespace ashlar {

struct FloatEncoding {
  std::int64_t exponent_bits = 2;
  std::int64_t mantissa_bits = 1;
  std::int64_t group_size = 32;

  std::int64_t bits() const { return 1 + exponent_bits + mantissa_bits; }
  std::int64_t exponent_bias() const { return (std::int64_t{1} << (exponent_bits - 1)) - 1; }

  bool operator==(const FloatEncoding&) const = default;
};

// Bits of the exponent and of the mantissa: e2m1, e4m3, e5m2.
inline constexpr std::array<std::pair<std::int64_t, std::int64_t>, 3> kSmallFloats = {
    {{2, 1}, {4, 3}, {5, 2}}};
inline constexpr std::array<std::int64_t, 4> kSmallFloatGroups = {16, 32, 64, 128};
// For messages.
inline constexpr std::string_view kKnownSmallFloats =
    "e2m1, e4m3 or e5m2 and groups of 16, 32, 64 or 128";

inline bool is_known(const FloatEncoding& encoding) {
  const std::pair layout(encoding.exponent_bits, encoding.mantissa_bits);
  return std::ranges::find(kSmallFloats, layout) != kSmallFloats.end() &&
         std::ranges::find(kSmallFloatGroups, encoding.group_size) != kSmallFloatGroups.end();
}

// The number that the low bits of `code` encode, without its group's scale.
inline float decode_small_float(const FloatEncoding& encoding, std::uint32_t code) {
  const std::uint32_t mantissa = code & ((1u << encoding.mantissa_bits) - 1);
  const std::uint32_t exponent =
      code >> encoding.mantissa_bits & ((1u << encoding.exponent_bits) - 1);
  const std::uint32_t hidden = exponent == 0 ? 0 : 1u << encoding.mantissa_bits;
  const auto power = static_cast<int>(std::max<std::uint32_t>(exponent, 1)) -
                     static_cast<int>(encoding.exponent_bias() + encoding.mantissa_bits);
  const float magnitude = std::ldexp(static_cast<float>(hidden + mantissa), power);
  return code >> (encoding.bits() - 1) & 1 ? -magnitude : magnitude;
}

}  // namespace ashlar
