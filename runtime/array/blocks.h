// SPDX-License-Identifier: Apache-2.0
// Products of chosen, masked or cut matrices.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar {

// Matrices of `lhs` and `rhs` [..., m, n], chosen by indices (of flattened leading axes) that
// broadcast with each other, multiplied pair by pair. An absent index takes every matrix.
Array gather_matmul(const Operand& lhs, const Operand& rhs, const std::optional<Array>& lhs_indices,
                    const std::optional<Array>& rhs_indices);

// lhs rhs with blocks of `block` x `block` elements multiplied by masks: bool or numbers, one per
// block of a matrix, whose edges may be cut.
struct BlockMasks {
  std::optional<Array> output{}, lhs{}, rhs{};
};
Array block_masked_matmul(const Operand& lhs, const Operand& rhs, std::int64_t block,
                          const BlockMasks& masks);

// For each [begin, end) of `segments` [S, 2]: the product of these columns of lhs [M, K] and rows
// of rhs [K, N], as [S, M, N].
Array segmented_matmul(const Operand& lhs, const Operand& rhs, const Operand& segments);

// By the Hadamard matrix of the last axis, whose length is a power of two, times `scale` (by
// default 1 / sqrt n, which makes it orthogonal).
Array hadamard_transform(const Operand& input, std::optional<double> scale = std::nullopt);

}  // namespace ashlar
