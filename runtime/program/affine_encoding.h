// SPDX-License-Identifier: Apache-2.0
// How group-affine quantisation encodes rows of numbers, as MLX checkpoints do: `group_size`
// adjacent numbers share a scale and a bias, number = scale * q + bias with unsigned q of `bits`
// bits. A row of q is a stream of bits, lowest first, in 32-bit words; it consists of whole blocks
// of 32. Groups of 16 are those of GGUF's k-quants.
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
inline constexpr std::array<std::int64_t, 4> kQuantizedGroups = {16, 32, 64, 128};
// For messages.
inline constexpr std::string_view kKnownEncodings =
    "2, 3, 4, 5, 6 or 8 bits and groups of 16, 32, 64 or 128";

// Numbers that fill whole words in every encoding. They belong to one group, or two of 16.
inline constexpr std::int64_t kPackedBlock = 32;

// What the rows' length must be a multiple of.
inline std::int64_t row_unit(const AffineEncoding& encoding) {
  return std::max(encoding.group_size, kPackedBlock);
}

inline bool is_known(const AffineEncoding& encoding) {
  return std::ranges::find(kQuantizedBits, encoding.bits) != kQuantizedBits.end() &&
         std::ranges::find(kQuantizedGroups, encoding.group_size) != kQuantizedGroups.end();
}

}  // namespace ashlar
