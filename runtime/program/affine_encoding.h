// SPDX-License-Identifier: Apache-2.0
// How group-affine quantisation encodes rows of numbers, as MLX checkpoints do: `group_size`
// adjacent numbers share a scale and a bias, number = scale * q + bias with unsigned q of `bits`
// bits. A row of q is a stream of bits, lowest first, in 32-bit words.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace ashlar {

struct AffineEncoding {
  std::int64_t bits = 4;
  std::int64_t group_size = 64;

  bool operator==(const AffineEncoding&) const = default;
};

inline constexpr std::array<std::int64_t, 6> kQuantizedBits = {2, 3, 4, 5, 6, 8};
inline constexpr std::array<std::int64_t, 3> kQuantizedGroups = {32, 64, 128};
// For messages.
inline constexpr std::string_view kKnownEncodings =
    "2, 3, 4, 5, 6 or 8 bits and groups of 32, 64 or 128";

// Numbers that fill whole words in every encoding and always belong to one group.
inline constexpr std::int64_t kPackedBlock = 32;

inline bool is_known(const AffineEncoding& encoding) {
  return std::ranges::find(kQuantizedBits, encoding.bits) != kQuantizedBits.end() &&
         std::ranges::find(kQuantizedGroups, encoding.group_size) != kQuantizedGroups.end();
}

}  // namespace ashlar
