// SPDX-License-Identifier: Apache-2.0
// Scales in two steps, as GGUF's k-quants have them. Of 256 numbers q of 2 to 6 or 8 bits, which
// are packed as in affine_encoding.h, the scales take five words: the first holds d (lower half)
// and m, both f16, the others 16 bytes, of which each 32 numbers have two in a row.
//
//   bits 4, 5: 32 numbers share bytes s, t:             d * s * q - m * t
//   bits 2:    16 numbers share a byte, s below t:      d * s * q - m * t
//   others:     16 numbers share a signed byte s:        d * s * (q - 2^(bits - 1))
#pragma once

#include <cstdint>

namespace ashlar {

inline constexpr std::int64_t kSuperBlock = 256;
inline constexpr std::int64_t kSuperBlockScaleWords = 5;

inline bool is_k_encoding(std::int64_t bits) {
  return (bits >= 2 && bits <= 6) || bits == 8;
}
// Numbers that share a scale.
inline std::int64_t k_group_size(std::int64_t bits) {
  return bits == 4 || bits == 5 ? 32 : 16;
}
inline bool has_k_minimums(std::int64_t bits) {
  return bits == 2 || bits == 4 || bits == 5;
}

}  // namespace ashlar
