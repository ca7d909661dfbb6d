// SPDX-License-Identifier: Apache-2.0
// Rows of packed weights times a few rows of activations, without unpacking them in memory: over a
// group, sum((scale * q + bias) * x) = scale * sum(q * x) + bias * sum(x), and the last sum serves
// every row of the weights. All in f32.
#pragma once

#include "codegen/emitters/element.h"
#include "runtime/program/affine_encoding.h"

namespace ashlar::codegen {

// One block (kPackedBlock numbers) of one row of packed weights.
struct PackedBlock {
  Values words;
  Value scale, bias;
  std::int64_t bits;
};

// sum + left[0] * number[first] + left[1] * number[first + 1] + ..., with the unscaled numbers of
// the block.
Value multiply_numbers(KernelBuilder& builder, const PackedBlock& block, std::int64_t first,
                       ValueRange left, Value sum);

// The products of one lane: rows `weight_rows` of every matmul's right side by `left_rows` rows.
struct PackedProducts {
  llvm::ArrayRef<mlir::Operation*> matmuls;
  llvm::ArrayRef<Value> weight_rows;
  std::int64_t left_rows;
  // kLeftWidth values of row `m` of the left side, from column `k` on.
  llvm::function_ref<Values(std::int64_t m, Value k)> left;
};
inline constexpr std::int64_t kLeftWidth = 8;

// Adds the products of block number `block` of each row to `sums`, which are numbered by matmul,
// then row of the left side, then row of the weights.
Values multiply_block(Elements& elements, const PackedProducts& products, Value block,
                      ValueRange sums);

}  // namespace ashlar::codegen
