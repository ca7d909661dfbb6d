// SPDX-License-Identifier: Apache-2.0
// Q2_K, Q3_K and Q6_K pack each half of a block on its own: 32 bytes hold the same bits of rows of
// 32 numbers, one row per pair of bits.
#include "models/formats/gguf/k_blocks.h"

#include <algorithm>

namespace ashlar::gguf {
namespace {

constexpr std::size_t kHalf = 128, kRow = 32;

// Two bits of number `i` out of the bytes from `first` on.
std::uint32_t two_bits(const BlockReader& block, std::size_t first, std::size_t i) {
  const std::size_t half = i / kHalf, row = i % kHalf / kRow;
  return block.byte(first + kRow * half + i % kRow) >> 2 * row & 3;
}

}  // namespace

void unpack_q2_k(const BlockReader& block, AffineBlock& out) {
  const float scale = block.half(80), minimum = block.half(82);
  for (std::size_t i = 0; i < kMaxBlock; ++i)
    out.numbers[i] = static_cast<std::uint8_t>(two_bits(block, 16, i));
  for (std::size_t group = 0; group < 16; ++group) {
    const std::uint32_t packed = block.byte(group);
    out.scales[group] = scale * static_cast<float>(packed & 15);
    out.biases[group] = -(minimum * static_cast<float>(packed >> 4));
  }
}

std::int32_t q3_k_scale(const BlockReader& packed, std::size_t group) {
  const std::uint32_t low = packed.byte(group % 8) >> (group < 8 ? 0 : 4) & 15;
  const std::uint32_t high = packed.byte(8 + group % 4) >> 2 * (group / 4) & 3;
  return static_cast<std::int32_t>(low | high << 4) - 32;
}

void unpack_q3_k(const BlockReader& block, AffineBlock& out) {
  const float scale = block.half(108);
  for (std::size_t i = 0; i < kMaxBlock; ++i) {
    const std::uint32_t high = block.byte(i % kRow) >> i / kRow & 1;
    out.numbers[i] = static_cast<std::uint8_t>(two_bits(block, 32, i) | high << 2);
  }
  for (std::size_t group = 0; group < 16; ++group) {
    out.scales[group] = scale * static_cast<float>(q3_k_scale(block.from(96), group));
    out.biases[group] = -4 * out.scales[group];
  }
}

std::int32_t iq4_xs_scale(const BlockReader& block, std::size_t group) {
  const std::uint32_t low = block.byte(4 + group / 2) >> 4 * (group % 2) & 15,
                      high = block.word16(2) >> 2 * group & 3;
  return static_cast<std::int32_t>(low | high << 4) - 32;
}

ScaleAndMinimum q4_k_scale(const BlockReader& packed, std::size_t group) {
  if (group < 4)
    return {packed.byte(group) & 63, packed.byte(group + 4) & 63};
  const std::uint32_t low = packed.byte(group + 4);
  return {(low & 15) | packed.byte(group - 4) >> 6 << 4, low >> 4 | packed.byte(group) >> 6 << 4};
}

void unpack_q4_or_q5_k(const BlockReader& block, bool has_fifth_bits, AffineBlock& out) {
  const float scale = block.half(0), minimum = block.half(2);
  const std::size_t first = has_fifth_bits ? 48 : 16;
  for (std::size_t i = 0; i < kMaxBlock; ++i) {
    const std::size_t pair = i / (2 * kRow), row = i / kRow;
    const std::uint32_t low = block.byte(first + kRow * pair + i % kRow) >> 4 * (row % 2) & 15;
    const std::uint32_t fifth = has_fifth_bits ? block.byte(16 + i % kRow) >> row & 1 : 0;
    out.numbers[i] = static_cast<std::uint8_t>(low | fifth << 4);
  }
  for (std::size_t group = 0; group < 8; ++group) {
    const ScaleAndMinimum parts = q4_k_scale(block.from(4), group);
    out.scales[group] = scale * static_cast<float>(parts.scale);
    out.biases[group] = -(minimum * static_cast<float>(parts.minimum));
  }
}

void unpack_q6_k(const BlockReader& block, AffineBlock& out) {
  const float scale = block.half(208);
  for (std::size_t i = 0; i < kMaxBlock; ++i) {
    const std::size_t half = i / kHalf, row = i % kHalf / kRow;
    const std::uint32_t byte = block.byte(64 * half + kRow * (row % 2) + i % kRow);
    const std::uint32_t low = byte >> (row < 2 ? 0 : 4) & 15;
    out.numbers[i] = static_cast<std::uint8_t>(low | two_bits(block, 128, i) << 4);
  }
  for (std::size_t group = 0; group < 16; ++group) {
    out.scales[group] = scale * static_cast<float>(block.signed_byte(192 + group));
    out.biases[group] = -32 * out.scales[group];
  }
}

bool scales_in_two_steps(BlockType type) {
  return (type >= BlockType::q2_k && type <= BlockType::q6_k) || type == BlockType::iq4_xs;
}

void pack_k_scales(BlockType type, const BlockReader& block, std::span<std::byte> out) {
  std::ranges::fill(out, std::byte{0});
  const auto put = [&](std::size_t at, auto byte) { out[at] = static_cast<std::byte>(byte); };
  const auto copy = [&](std::size_t to, std::size_t from, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i)
      put(to + i, block.byte(from + i));
  };
  constexpr std::size_t kSteps = 4, kGroups = 16;
  switch (type) {
  case BlockType::q2_k:
    copy(0, 80, 4);
    return copy(kSteps, 0, kGroups);
  case BlockType::q6_k:
    copy(0, 208, 2);
    return copy(kSteps, 192, kGroups);
  case BlockType::q3_k:
    copy(0, 108, 2);
    for (std::size_t group = 0; group < kGroups; ++group)
      put(kSteps + group, q3_k_scale(block.from(96), group));
    return;
  case BlockType::iq4_xs:
    copy(0, 0, 2);
    for (std::size_t group = 0; group < kGroups; ++group)
      put(kSteps + group, iq4_xs_scale(block, group / 2));
    return;
  default:
    copy(0, 0, 4);
    for (std::size_t group = 0; group < kGroups / 2; ++group) {
      const ScaleAndMinimum parts = q4_k_scale(block.from(4), group);
      put(kSteps + 2 * group, parts.scale);
      put(kSteps + 2 * group + 1, parts.minimum);
    }
  }
}

}  // namespace ashlar::gguf
