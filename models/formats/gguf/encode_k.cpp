// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/encode_k.h"

#include "models/formats/gguf/group_fit.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ashlar::gguf {
namespace {

constexpr std::size_t kBlock = 256, kHalf = 128, kRow = 32;

using Numbers = std::array<std::uint8_t, kBlock>;

std::int32_t rounded(float value, std::int32_t least, std::int32_t most) {
  return static_cast<std::int32_t>(
      std::clamp(std::nearbyint(value), static_cast<float>(least), static_cast<float>(most)));
}

float quotient(float a, float b) {
  return b == 0 ? 0 : a / b;
}

// Bits [shift, shift + 2) of the numbers, as the two_bits of k_blocks.cpp finds them.
void put_two_bits(BlockWriter& block, std::size_t first, const Numbers& numbers, int shift) {
  for (std::size_t at = 0; at < kBlock / 4; ++at) {
    std::uint32_t byte = 0;
    for (std::size_t row = 0; row < 4; ++row) {
      const std::size_t i = at / kRow * kHalf + row * kRow + at % kRow;
      byte |= (static_cast<std::uint32_t>(numbers[i]) >> shift & 3) << 2 * row;
    }
    block.byte(first + at, byte);
  }
}

// Groups with a scale and a minimum, whose factors of the block's two scales take 0 to `most`.
template <std::size_t kGroups> struct AffineGroups {
  std::array<std::uint32_t, kGroups> scales{}, minima{};
  Numbers numbers{};

  AffineGroups(std::span<const float> values, int bits, int most, BlockWriter& block,
               std::size_t scale_at) {
    constexpr std::size_t kSize = kBlock / kGroups;
    const int top = (1 << bits) - 1;
    std::array<AffineFit, kGroups> fits;
    float largest_scale = 0, largest_minimum = 0;
    for (std::size_t g = 0; g < kGroups; ++g) {
      fits[g] = fit_affine(values.subspan(g * kSize, kSize), top);
      largest_scale = std::max(largest_scale, fits[g].scale);
      largest_minimum = std::max(largest_minimum, fits[g].minimum);
    }
    const float scale = block.half(scale_at, largest_scale / static_cast<float>(most)),
                minimum = block.half(scale_at + 2, largest_minimum / static_cast<float>(most));
    for (std::size_t g = 0; g < kGroups; ++g) {
      scales[g] = static_cast<std::uint32_t>(rounded(quotient(fits[g].scale, scale), 0, most));
      minima[g] = static_cast<std::uint32_t>(rounded(quotient(fits[g].minimum, minimum), 0, most));
      const float step = scale * static_cast<float>(scales[g]),
                  offset = minimum * static_cast<float>(minima[g]);
      for (std::size_t i = g * kSize; i < (g + 1) * kSize; ++i)
        numbers[i] = static_cast<std::uint8_t>(rounded(quotient(values[i] + offset, step), 0, top));
    }
  }
};

// 16 groups with a signed factor of the block's scale, from -reach to reach - 1, around the middle
// of numbers of `bits` bits.
struct SymmetricGroups {
  static constexpr std::size_t kGroups = 16, kSize = kBlock / kGroups;
  std::array<std::int32_t, kGroups> scales{};
  Numbers numbers{};

  SymmetricGroups(std::span<const float> values, int bits, int reach, BlockWriter& block,
                  std::size_t scale_at) {
    const int half = 1 << (bits - 1);
    std::array<float, kGroups> fits;
    for (std::size_t g = 0; g < kGroups; ++g)
      fits[g] = fit_symmetric(values.subspan(g * kSize, kSize), half);
    const float edge = *std::ranges::max_element(fits, {}, [](float x) { return std::abs(x); });
    const float scale = block.half(scale_at, edge / static_cast<float>(-reach));
    for (std::size_t g = 0; g < kGroups; ++g) {
      scales[g] = rounded(quotient(fits[g], scale), -reach, reach - 1);
      const float step = scale * static_cast<float>(scales[g]);
      for (std::size_t i = g * kSize; i < (g + 1) * kSize; ++i)
        numbers[i] =
            static_cast<std::uint8_t>(rounded(quotient(values[i], step), -half, half - 1) + half);
    }
  }
};

}  // namespace

void encode_q2_k(std::span<const float> values, BlockWriter block) {
  const AffineGroups<16> groups(values, 2, 15, block, 80);
  for (std::size_t g = 0; g < 16; ++g)
    block.byte(g, groups.scales[g] | groups.minima[g] << 4);
  put_two_bits(block, 16, groups.numbers, 0);
}

void encode_q3_k(std::span<const float> values, BlockWriter block) {
  const SymmetricGroups groups(values, 3, 32, block, 108);
  for (std::size_t at = 0; at < kRow; ++at) {
    std::uint32_t high = 0;
    for (std::size_t row = 0; row < 8; ++row)
      high |= static_cast<std::uint32_t>(groups.numbers[row * kRow + at] >> 2) << row;
    block.byte(at, high);
  }
  put_two_bits(block, 32, groups.numbers, 0);
  const auto scale = [&](std::size_t g) {
    return static_cast<std::uint32_t>(groups.scales[g] + 32);
  };
  for (std::size_t g = 0; g < 8; ++g)
    block.byte(96 + g, (scale(g) & 15) | (scale(g + 8) & 15) << 4);
  for (std::size_t g = 0; g < 4; ++g)
    block.byte(104 + g, scale(g) >> 4 | scale(g + 4) >> 4 << 2 | scale(g + 8) >> 4 << 4 |
                            scale(g + 12) >> 4 << 6);
}

void encode_q4_or_q5_k(std::span<const float> values, bool has_fifth_bits, BlockWriter block) {
  const AffineGroups<8> groups(values, has_fifth_bits ? 5 : 4, 63, block, 0);
  const auto &scales = groups.scales, &minima = groups.minima;
  for (std::size_t g = 0; g < 4; ++g) {
    block.byte(4 + g, scales[g] | scales[g + 4] >> 4 << 6);
    block.byte(8 + g, minima[g] | minima[g + 4] >> 4 << 6);
    block.byte(12 + g, (scales[g + 4] & 15) | (minima[g + 4] & 15) << 4);
  }
  const std::size_t first = has_fifth_bits ? 48 : 16;
  for (std::size_t at = 0; at < kHalf; ++at) {
    const std::size_t i = at / kRow * 2 * kRow + at % kRow;
    block.byte(first + at, (groups.numbers[i] & 15u) | (groups.numbers[i + kRow] & 15u) << 4);
  }
  for (std::size_t at = 0; has_fifth_bits && at < kRow; ++at) {
    std::uint32_t high = 0;
    for (std::size_t row = 0; row < 8; ++row)
      high |= static_cast<std::uint32_t>(groups.numbers[row * kRow + at] >> 4) << row;
    block.byte(16 + at, high);
  }
}

void encode_q6_k(std::span<const float> values, BlockWriter block) {
  const SymmetricGroups groups(values, 6, 128, block, 208);
  for (std::size_t at = 0; at < kHalf; ++at) {
    const std::size_t half = at / 64, column = at % 64;
    const std::size_t i = half * kHalf + column;
    block.byte(at, (groups.numbers[i] & 15u) | (groups.numbers[i + 64] & 15u) << 4);
  }
  put_two_bits(block, 128, groups.numbers, 4);
  for (std::size_t g = 0; g < 16; ++g)
    block.byte(192 + g, static_cast<std::uint32_t>(groups.scales[g]));
}

}  // namespace ashlar::gguf
