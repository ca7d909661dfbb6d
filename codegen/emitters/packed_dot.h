// SPDX-License-Identifier: Apache-2.0
// Rows of packed weights times a few rows of activations, without unpacking them in memory: over a
// group, sum((scale * q + bias) * x) = scale * sum(q * x) + bias * sum(x), and the last sum serves
// every row of the weights. Numbers become floats by their bits alone, as offset + q
// (packed_words.h); sum(offset * x) serves every row too. All in f32.
#pragma once

#include "codegen/emitters/element.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"
#include "runtime/program/affine_encoding.h"
#include "runtime/program/float_encoding.h"

#include <optional>
#include <variant>
#include <vector>

namespace ashlar::codegen {

// kPackedBlock numbers of one row, as loaded.
struct PackedBlock {
  Values words;
  StoredPacket scales;                 // one, or two where groups are half a block
  std::optional<StoredPacket> biases;  // as many; none: floats
  std::int64_t bits;
  FloatEncoding floats = {};
  // ashlar.dequantize_k: `scales` are d and m, `biases` the two bytes of the block.
  bool in_two_steps = false;
};

// Of numbers that `weights` unpacks.
std::int64_t bits_of_numbers(mlir::Operation* weights);

// Block number `block` of row `row`, all leading axes counted as rows. `weights` unpacks inputs of
// the kernel. A `neighbour` is a block of the same scales (kernel::columns_of_scale), which are not
// loaded again.
PackedBlock load_block(KernelBuilder& builder, mlir::Operation* weights, Value row, Value block,
                       const PackedBlock* neighbour = nullptr);

// What turns its numbers into weights, where they share one scale and have a bias.
ScaleAndBias scale_of_block(KernelBuilder& builder, const PackedBlock& block);

// Its numbers as ashlar.dequantize and its like compute them in f32.
Values unpack_block(KernelBuilder& builder, const PackedBlock& block);

// Sums over the values x of the left side that were multiplied so far.
struct PackedSums {
  Value shifted;  // (offset + q) * x, or of floats, number * x
  Value offsets;  // offset * x
};

// Adds the products of `left` with the numbers from `first` on.
PackedSums multiply_numbers(KernelBuilder& builder, const PackedBlock& block, std::int64_t first,
                            ValueRange left, PackedSums sums);

// One step along K of one row of the weights, as loaded.
using WeightPacket = std::variant<StoredPacket, PackedBlock>;

// What was loaded of packets, and packets like these of other such values: for loops that carry
// them.
Values values_of(llvm::ArrayRef<WeightPacket> packets);
std::vector<WeightPacket> with_values(llvm::ArrayRef<WeightPacket> packets, ValueRange values);

// A step of kPackedBlock columns, of which at least one matrix is packed.
struct BlockProducts {
  llvm::ArrayRef<WeightPacket> weights;  // by matrix, then row
  std::int64_t weight_rows;              // of each matrix
  std::int64_t left_rows;
  // kLeftWidth values of row `m` of the left side, from column `offset` of the step on.
  llvm::function_ref<Values(std::int64_t m, std::int64_t offset)> left;
};
inline constexpr std::int64_t kLeftWidth = 8;

// Adds the products to `sums`, which are numbered by matrix, then row of the left side, then row of
// the weights.
void multiply_block(KernelBuilder& builder, const BlockProducts& products,
                    llvm::MutableArrayRef<Value> sums);

}  // namespace ashlar::codegen
