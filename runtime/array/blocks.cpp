// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/blocks.h"

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace ashlar {
namespace {

// Hadamard matrices up to this size are constants.
constexpr std::int64_t kLargestMatrix = 64;

void check_matrices(const char* name, const Array& x) {
  if (x.rank() < 2)
    throw InvalidArgument(name, "expected matrices, got {}", x.shape().to_string());
}

Array chosen(const Array& x, const std::optional<Array>& indices) {
  if (!indices)
    return x;
  return take(reshape(x, {-1, x.dim(-2), x.dim(-1)}), *indices, 0);
}

// One number per element from one per block.
Array spread(const Array& mask, std::int64_t block, std::int64_t rows, std::int64_t columns) {
  const auto b = static_cast<int>(block);
  return repeat(repeat(mask, b, -2), b, -1)(kEllipsis, Slice(0, rows), Slice(0, columns));
}

Array masked(const Array& x, const std::optional<Array>& mask, std::int64_t block) {
  if (!mask)
    return x;
  const auto blocks = [&](std::int64_t extent) { return (extent + block - 1) / block; };
  if (mask->rank() < 2 || mask->dim(-2) != blocks(x.dim(-2)) || mask->dim(-1) != blocks(x.dim(-1)))
    throw InvalidArgument("block_masked_matmul", "mask {} does not fit blocks of {} of {}",
                          mask->shape().to_string(), block, x.shape().to_string());
  const Array whole = spread(*mask, block, x.dim(-2), x.dim(-1));
  return whole.dtype() == DType::boolean ? where(whole, x, 0) : x * convert(whole, x.dtype());
}

// Rows are those of Sylvester's construction: the sign is the parity of common bits.
Array hadamard_matrix(std::int64_t n) {
  std::vector<float> values;
  for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(n); ++i)
    for (std::uint64_t j = 0; j < static_cast<std::uint64_t>(n); ++j)
      values.push_back(std::popcount(i & j) % 2 == 0 ? 1 : -1);
  return array(std::span<const float>(values), {n, n});
}

// H of n = p q is the Kronecker product of those of p and q.
Array transformed(const Array& x) {
  const std::int64_t n = x.dim(-1);
  if (n <= kLargestMatrix)
    return matmul(x, hadamard_matrix(n));
  const Array inner = transformed(unflatten(x, -1, {-1, kLargestMatrix}));
  return flatten(swapaxes(transformed(swapaxes(inner, -1, -2)), -1, -2), -2, -1);
}

}  // namespace

Array gather_matmul(const Operand& lhs, const Operand& rhs, const std::optional<Array>& lhs_indices,
                    const std::optional<Array>& rhs_indices) {
  const WrittenAt at(lhs.where());
  const Array a = lhs.array(), b = rhs.array();
  check_matrices("gather_matmul", a);
  check_matrices("gather_matmul", b);
  return matmul(chosen(a, lhs_indices), chosen(b, rhs_indices));
}

Array block_masked_matmul(const Operand& lhs, const Operand& rhs, std::int64_t block,
                          const BlockMasks& masks) {
  const WrittenAt at(lhs.where());
  check_matrices("block_masked_matmul", lhs.array());
  check_matrices("block_masked_matmul", rhs.array());
  if (block < 1)
    throw InvalidArgument("block_masked_matmul", "expected blocks of at least 1, got {}", block);
  const Array product =
      matmul(masked(lhs.array(), masks.lhs, block), masked(rhs.array(), masks.rhs, block));
  return masked(product, masks.output, block);
}

Array segmented_matmul(const Operand& lhs, const Operand& rhs, const Operand& segments) {
  const WrittenAt at(lhs.where());
  const Array a = lhs.array(), b = rhs.array(), ranges = segments.array();
  if (a.rank() != 2 || b.rank() != 2 || ranges.rank() != 2 || ranges.dim(1) != 2)
    throw InvalidArgument("segmented_matmul",
                          "expected [M, K], [K, N] and [S, 2], got {}, {} and {}",
                          a.shape().to_string(), b.shape().to_string(), ranges.shape().to_string());
  const Array begin = reshape(ranges(kEllipsis, 0), {-1, 1, 1}),
              end = reshape(ranges(kEllipsis, 1), {-1, 1, 1});
  const Array column = astype(arange(a.dim(1)), ranges.dtype());
  return matmul(where((column >= begin) & (column < end), a, 0), b);
}

Array hadamard_transform(const Operand& input, std::optional<double> scale) {
  const WrittenAt at(input.where());
  const Array given = input.array();
  const std::int64_t n = given.rank() == 0 ? 0 : given.dim(-1);
  if (n < 1 || !std::has_single_bit(static_cast<std::uint64_t>(n)))
    throw InvalidArgument("hadamard_transform", "expected a length that is a power of two, got {}",
                          given.shape().to_string());
  const Array y = transformed(convert(given, DType::f32)) *
                  scale.value_or(1 / std::sqrt(static_cast<double>(n)));
  return convert(y, float_dtype(given.dtype()));
}

}  // namespace ashlar
