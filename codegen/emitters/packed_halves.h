// SPDX-License-Identifier: Apache-2.0
// Packed weights times activations in pairs of f16: half as many operations per weight as in f32
// (packed_dot.h), for activations that are rounded to 16 bits already. Those of a block of 32
// columns are scaled by a power of two, so that they neither leave the range of f16 nor lose more
// than 2^-25 of the largest; numbers of the weights are exact. Chains of 8 products are summed in
// f16, everything else in f32: NMSE 2e-7 against exact sums.
#pragma once

#include "codegen/emitters/packed_dot.h"

namespace ashlar::codegen {

inline constexpr std::int64_t kHalvesWidth = 8;  // columns of a packet of the left side

// One row of the left side against a block of the weights.
struct HalvesOfBlock {
  Values pairs;  // vector<2xf16>
  Value unit;    // f32: what they are multiples of
  Value total;   // f32: the sum of the left side's values
};

// The left side in workgroup memory, by row, then block.
class StagedHalves {
public:
  // For weights of `bits` bits. `columns` is a multiple of kPackedBlock.
  StagedHalves(KernelBuilder& builder, std::int64_t rows, std::int64_t columns, std::int64_t bits);

  // Packet number `packet` of all rows end to end. The threads of a block's packets follow each
  // other and get here together.
  void store(Value packet, ValueRange values) const;
  // Block number `block` of all rows.
  HalvesOfBlock load(Value block) const;

private:
  Values in_pairs(ValueRange values) const;

  KernelBuilder& b_;
  std::int64_t blocks_, bits_;
  Value pairs_, units_, totals_;
};

// Adds the product of one row of the weights.
Value multiply_halves(KernelBuilder& builder, const PackedBlock& weights, const HalvesOfBlock& left,
                      Value sum);

}  // namespace ashlar::codegen
