// SPDX-License-Identifier: Apache-2.0
// The k-quants: blocks of 256 numbers whose groups have scales in a few bits, relative to a scale
// of the block. See affine_block.h.
#pragma once

#include "models/formats/gguf/affine_block.h"
#include "models/formats/gguf/block_bytes.h"

namespace ashlar::gguf {

void unpack_q2_k(const BlockReader& block, AffineBlock& out);
void unpack_q3_k(const BlockReader& block, AffineBlock& out);
void unpack_q4_or_q5_k(const BlockReader& block, bool has_fifth_bits, AffineBlock& out);
void unpack_q6_k(const BlockReader& block, AffineBlock& out);

// Whether the scales of a block's groups are relative to one of the block: Q2_K to Q6_K, IQ4_XS.
bool scales_in_two_steps(BlockType type);
// What scales a block, in the layout of runtime/program/k_encoding.h: `out` has 20 bytes.
void pack_k_scales(BlockType type, const BlockReader& block, std::span<std::byte> out);

// The 6-bit scales of 16 groups in 12 bytes (Q3_K), less 32.
std::int32_t q3_k_scale(const BlockReader& packed, std::size_t group);

// The 6-bit scales of the 8 groups of a block (IQ4_XS), less 32.
std::int32_t iq4_xs_scale(const BlockReader& block, std::size_t group);

// The 6-bit scales and minima of 8 groups in 12 bytes (Q4_K, Q5_K).
struct ScaleAndMinimum {
  std::uint32_t scale, minimum;
};
ScaleAndMinimum q4_k_scale(const BlockReader& packed, std::size_t group);

}  // namespace ashlar::gguf
