// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/packed_dot.h"

#include "codegen/emitters/packed_words.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;

namespace ashlar::codegen {
namespace {

// Numbers below 2^23. GPUs convert integers at a fraction of the rate at which they add floats, so
// there the number becomes the low bits of 2^23 + number.
Value to_float(KernelBuilder& b, Value number) {
  if (b.profile().is_cpu)
    return b.make<arith::SIToFPOp>(b.getF32Type(), number);
  const Value biased = float_of(b, b.make<arith::OrIOp>(number, b.i32(0x4b000000)));
  return b.make<arith::SubFOp>(biased, b.f32(0x1p23));
}

PackedBlock load_block(Elements& elements, Operation* matmul, Value row, Value block) {
  KernelBuilder& b = elements.builder();
  auto weights = matmul->getOperand(1).getDefiningOp<ir::DequantizeOp>();
  const auto bits = static_cast<std::int64_t>(weights.getBits());
  const Value group =
      b.div(block, static_cast<std::int64_t>(weights.getGroupSize()) / kPackedBlock);
  return {load_words(elements, weights.getPacked(), {row, b.mul(block, bits)}, bits),
          elements.at(weights.getScales(), Values{row, group}),
          elements.at(weights.getBiases(), Values{row, group}), bits};
}

Value multiply_add(KernelBuilder& b, Value x, Value y, Value sum) {
  return b.make<math::FmaOp>(x, y, sum);
}

}  // namespace

Value multiply_numbers(KernelBuilder& b, const PackedBlock& block, std::int64_t first,
                       ValueRange left, Value sum) {
  for (auto [i, x] : llvm::enumerate(left)) {
    const NumberInPlace number =
        number_in_place(b, block.words, first + static_cast<std::int64_t>(i), block.bits);
    // Built once for all rows of the weights.
    const Value factor = b.f32(std::exp2(-static_cast<double>(number.exponent)));
    const Value scaled = number.exponent == 0 ? x : b.make<arith::MulFOp>(x, factor);
    sum = multiply_add(b, scaled, to_float(b, number.bits), sum);
  }
  return sum;
}

Values multiply_block(Elements& elements, const PackedProducts& products, Value block,
                      ValueRange sums) {
  KernelBuilder& b = elements.builder();
  SmallVector<PackedBlock> blocks;
  for (Operation* matmul : products.matmuls)
    for (Value row : products.weight_rows)
      blocks.push_back(load_block(elements, matmul, row, block));

  const std::size_t rows = products.weight_rows.size();
  const auto left_rows = static_cast<std::size_t>(products.left_rows);
  Values dots(sums.size(), b.f32(0)), totals(left_rows, b.f32(0));
  const auto for_each_sum = [&](auto body) {
    for (std::size_t i = 0; i < sums.size(); ++i)
      body(i, blocks[i / (left_rows * rows) * rows + i % rows], i / rows % left_rows);
  };
  for (std::int64_t first = 0; first < kPackedBlock; first += kLeftWidth) {
    SmallVector<Values> left;
    for (std::size_t m = 0; m < left_rows; ++m) {
      left.push_back(
          products.left(static_cast<std::int64_t>(m), b.add(b.mul(block, kPackedBlock), first)));
      for (Value x : left.back())
        totals[m] = b.make<arith::AddFOp>(totals[m], x);
    }
    for_each_sum([&](std::size_t i, const PackedBlock& weights, std::size_t m) {
      dots[i] = multiply_numbers(b, weights, first, left[m], dots[i]);
    });
  }
  Values next;
  for_each_sum([&](std::size_t i, const PackedBlock& weights, std::size_t m) {
    const Value sum = multiply_add(b, weights.scale, dots[i], sums[i]);
    next.push_back(multiply_add(b, weights.bias, totals[m], sum));
  });
  return next;
}

}  // namespace ashlar::codegen
