// SPDX-License-Identifier: Apache-2.0
// Blocks of 32 numbers with a scale of their own. Numbers of 4 bits lie in bytes whose low halves
// are the first 16 numbers.
#include "models/formats/gguf/affine_block.h"

#include "models/formats/gguf/block_bytes.h"
#include "models/formats/gguf/k_blocks.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar::gguf {
namespace {

constexpr std::size_t kBlock = 32;

std::uint8_t nibble(const BlockReader& block, std::size_t first, std::size_t i) {
  return static_cast<std::uint8_t>(block.byte(first + i % 16) >> (i < 16 ? 0 : 4) & 15);
}

void set_group(AffineBlock& out, std::size_t group, float scale, float bias) {
  out.scales[group] = scale;
  out.biases[group] = bias;
}

void unpack_q4(const BlockReader& block, bool has_minimum, AffineBlock& out) {
  const float scale = block.half(0);
  for (std::size_t i = 0; i < kBlock; ++i)
    out.numbers[i] = nibble(block, has_minimum ? 4 : 2, i);
  set_group(out, 0, scale, has_minimum ? block.half(2) : -8 * scale);
}

void unpack_q5(const BlockReader& block, bool has_minimum, AffineBlock& out) {
  const std::size_t high = has_minimum ? 4 : 2;
  const float scale = block.half(0);
  const std::uint32_t fifth_bits = block.word32(high);
  for (std::size_t i = 0; i < kBlock; ++i)
    out.numbers[i] =
        static_cast<std::uint8_t>(nibble(block, high + 4, i) | (fifth_bits >> i & 1) << 4);
  set_group(out, 0, scale, has_minimum ? block.half(2) : -16 * scale);
}

void unpack_q8_0(const BlockReader& block, AffineBlock& out) {
  const float scale = block.half(0);
  for (std::size_t i = 0; i < kBlock; ++i)
    out.numbers[i] = static_cast<std::uint8_t>(block.signed_byte(2 + i) + 128);
  set_group(out, 0, scale, -128 * scale);
}

// What the 16 numbers of the non-linear types stand for.
constexpr std::array<std::int8_t, 16> kLevels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                                 1,    13,   25,  38,  53,  69,  89,  113};

std::uint8_t level(std::uint8_t number) {
  return static_cast<std::uint8_t>(kLevels[number] + 128);
}

void unpack_iq4_nl(const BlockReader& block, AffineBlock& out) {
  const float scale = block.half(0);
  for (std::size_t i = 0; i < kBlock; ++i)
    out.numbers[i] = level(nibble(block, 2, i));
  set_group(out, 0, scale, -128 * scale);
}

void unpack_iq4_xs(const BlockReader& block, AffineBlock& out) {
  const float scale = block.half(0);
  for (std::size_t group = 0; group < kMaxBlock / kBlock; ++group) {
    for (std::size_t i = 0; i < kBlock; ++i)
      out.numbers[kBlock * group + i] = level(nibble(block, 8 + 16 * group, i));
    const auto factor = static_cast<float>(iq4_xs_scale(block, group));
    set_group(out, group, scale * factor, -128 * (scale * factor));
  }
}

// 4-bit floats (e2m1) are whole multiples of one half, up to 12 of them.
void unpack_mxfp4(const BlockReader& block, AffineBlock& out) {
  constexpr std::array<std::uint8_t, 8> kHalves = {0, 1, 2, 3, 4, 6, 8, 12};
  const float scale = std::ldexp(1.0f, static_cast<int>(block.byte(0)) - 128);
  for (std::size_t i = 0; i < kBlock; ++i) {
    const std::uint8_t number = nibble(block, 1, i);
    const int halves = number < 8 ? kHalves[number] : -kHalves[number - 8];
    out.numbers[i] = static_cast<std::uint8_t>(halves + 16);
  }
  set_group(out, 0, scale, -16 * scale);
}

}  // namespace

std::optional<AffineForm> affine_form(BlockType type) {
  switch (type) {
  case BlockType::q4_0:
  case BlockType::q4_1:
    return AffineForm{{4, 32}, DType::f16};
  case BlockType::q5_0:
  case BlockType::q5_1:
    return AffineForm{{5, 32}, DType::f16};
  case BlockType::q8_0:
  case BlockType::iq4_nl:
    return AffineForm{{8, 32}, DType::f16};
  case BlockType::mxfp4:
    return AffineForm{{5, 32}, DType::bf16};
  case BlockType::iq4_xs:
    return AffineForm{{8, 32}, DType::f32};
  case BlockType::q2_k:
    return AffineForm{{2, 16}, DType::f32};
  case BlockType::q3_k:
    return AffineForm{{3, 16}, DType::f32};
  case BlockType::q4_k:
    return AffineForm{{4, 32}, DType::f32};
  case BlockType::q5_k:
    return AffineForm{{5, 32}, DType::f32};
  case BlockType::q6_k:
    return AffineForm{{6, 16}, DType::f32};
  default:
    return std::nullopt;
  }
}

void unpack(BlockType type, std::span<const std::byte> bytes, AffineBlock& out) {
  const BlockReader block(bytes);
  switch (type) {
  case BlockType::q4_0:
  case BlockType::q4_1:
    return unpack_q4(block, type == BlockType::q4_1, out);
  case BlockType::q5_0:
  case BlockType::q5_1:
    return unpack_q5(block, type == BlockType::q5_1, out);
  case BlockType::q8_0:
    return unpack_q8_0(block, out);
  case BlockType::iq4_nl:
    return unpack_iq4_nl(block, out);
  case BlockType::iq4_xs:
    return unpack_iq4_xs(block, out);
  case BlockType::mxfp4:
    return unpack_mxfp4(block, out);
  case BlockType::q2_k:
    return unpack_q2_k(block, out);
  case BlockType::q3_k:
    return unpack_q3_k(block, out);
  case BlockType::q4_k:
  case BlockType::q5_k:
    return unpack_q4_or_q5_k(block, type == BlockType::q5_k, out);
  case BlockType::q6_k:
    return unpack_q6_k(block, out);
  default:
    throw InvalidArgument("gguf", "{} has no affine form", name_of(type));
  }
}

}  // namespace ashlar::gguf
