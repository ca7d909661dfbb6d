// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/packed_dot.h"

#include "codegen/emitters/packed_words.h"
#include "ir/kernel_region.h"
#include "runtime/program/k_encoding.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <algorithm>

using namespace mlir;

namespace ashlar::codegen {
namespace {

Value multiply_add(KernelBuilder& b, Value x, Value y, Value sum) {
  return b.make<math::FmaOp>(x, y, sum);
}

// Element `index` of row `row` of an input of the kernel, all leading axes counted as rows of
// `length` elements. The input may be of another type of the same bytes.
StoredPacket load_at(KernelBuilder& b, Value matrix, DType dtype, std::int64_t length, Value row,
                     Value index, std::int64_t width) {
  const auto input = cast<BlockArgument>(matrix);
  const std::int64_t bytes = kernel::element_count(input.getType()) * size_of(dtype_of(input));
  const std::int64_t rows = bytes / (length * size_of(dtype));
  return load_stored(b, input.getArgNumber(), dtype, b.linearize({row, index}, {rows, length}),
                     width);
}

StoredPacket load_at(KernelBuilder& b, Value matrix, Value row, Value index, std::int64_t width) {
  return load_at(b, matrix, dtype_of(matrix), shape_of(matrix).back(), row, index, width);
}

SmallVector<Value*> loaded_values(WeightPacket& packet) {
  SmallVector<Value*> values;
  const auto append = [&](Values& some) {
    for (Value& value : some)
      values.push_back(&value);
  };
  if (auto* plain = std::get_if<StoredPacket>(&packet)) {
    append(plain->stored);
    return values;
  }
  auto& block = std::get<PackedBlock>(packet);
  append(block.words);
  append(block.scales.stored);
  if (block.biases)
    append(block.biases->stored);
  return values;
}

// The scales of ashlar.dequantize_k, in elements of two bytes; rows have `blocks` blocks.
void load_steps(KernelBuilder& b, Value scales, Value row, Value block, std::int64_t blocks,
                PackedBlock& loaded) {
  constexpr std::int64_t kBlocks = kSuperBlock / kPackedBlock, kHalves = 2 * kSuperBlockScaleWords;
  const std::int64_t length = blocks / kBlocks * kHalves;
  const Value record = b.mul(b.div(block, kBlocks), kHalves);
  const Value bytes = b.add(record, b.add(b.rem(block, kBlocks), 2));
  loaded.scales = load_at(b, scales, DType::f16, length, row, record, 2);
  loaded.biases = load_at(b, scales, DType::u16, length, row, bytes, 1);
  loaded.in_two_steps = true;
}

// What turns the numbers of each group of a block into weights, in f32.
struct BlockScales {
  Values scales;
  Values biases;  // none: floats, and scales of their units
};

BlockScales scales_in_two_steps(KernelBuilder& b, const PackedBlock& block) {
  const Values halves = unpack(b, block.scales);
  const Value bytes = unpack(b, *block.biases)[0];
  BlockScales result;
  for (std::int64_t first = 0; first < kPackedBlock; first += k_group_size(block.bits)) {
    const Value own = b.make<arith::ShRUIOp>(bytes, b.i32(first / 2));
    const ScaleAndBias group = k_scale(b, halves[0], halves[1], own, block.bits);
    result.scales.push_back(group.scale);
    result.biases.push_back(group.bias);
  }
  return result;
}

BlockScales scales_of(KernelBuilder& b, const PackedBlock& block) {
  if (block.in_two_steps)
    return scales_in_two_steps(b, block);
  BlockScales result{unpack(b, block.scales), {}};
  if (block.biases)
    result.biases = unpack(b, *block.biases);
  else
    for (Value& scale : result.scales)
      scale = block.scales.dtype == DType::u8
                  ? power_of_two(b, scale)
                  : b.make<arith::MulFOp>(scale, b.f32(small_float_unit(block.floats)));
  return result;
}

// What one row of one matrix adds to sums over K. For plain weights `offsets` stays 0.
class RowProduct {
public:
  RowProduct(KernelBuilder& b, const WeightPacket& weights)
      : b_(b), packed_(std::get_if<PackedBlock>(&weights)) {
    if (packed_)
      groups_ = scales_of(b_, *packed_);
    else
      plain_ = unpack(b_, std::get<StoredPacket>(weights));
  }

  PackedSums multiply(std::int64_t first, ValueRange left, PackedSums sums) const {
    if (packed_)
      return multiply_numbers(b_, *packed_, first, left, sums);
    for (auto [i, x] : llvm::enumerate(left))
      sums.shifted = multiply_add(b_, x, plain_[static_cast<std::size_t>(first) + i], sums.shifted);
    return sums;
  }

  // Columns that share a scale.
  std::int64_t span() const {
    return packed_ ? kPackedBlock / static_cast<std::int64_t>(groups_.scales.size()) : kPackedBlock;
  }

  // Of columns from `first` on, within one span; `total` is the sum of the left side's values.
  Value finish(std::int64_t first, const PackedSums& sums, Value total, Value sum) const {
    if (!packed_)
      return b_.make<arith::AddFOp>(sum, sums.shifted);
    const auto group = static_cast<std::size_t>(first / span());
    if (groups_.biases.empty())
      return multiply_add(b_, groups_.scales[group], sums.shifted, sum);
    const Value dot = b_.make<arith::SubFOp>(sums.shifted, sums.offsets);
    return multiply_add(b_, groups_.biases[group], total,
                        multiply_add(b_, groups_.scales[group], dot, sum));
  }

private:
  KernelBuilder& b_;
  const PackedBlock* packed_;
  BlockScales groups_;
  Values plain_;
};

}  // namespace

std::int64_t bits_of_numbers(Operation* weights) {
  if (auto affine = dyn_cast<ir::DequantizeOp>(weights))
    return static_cast<std::int64_t>(affine.getBits());
  if (auto two_steps = dyn_cast<ir::DequantizeKOp>(weights))
    return static_cast<std::int64_t>(two_steps.getBits());
  return float_encoding_of(weights).bits();
}

PackedBlock load_block(KernelBuilder& b, Operation* weights, Value row, Value block,
                       const PackedBlock* neighbour) {
  const std::int64_t bits = bits_of_numbers(weights);
  const std::int64_t blocks = shape_of(weights->getResult(0)).back() / kPackedBlock;
  const std::int64_t width = bits & -bits;  // as many words at once as the block's start allows
  PackedBlock loaded{{}, {}, {}, bits, float_encoding_of(weights)};
  for (std::int64_t word = 0; word < bits; word += width) {
    const Value at = b.add(b.mul(block, bits), word);
    loaded.words.append(
        load_at(b, weights->getOperand(0), DType::u32, blocks * bits, row, at, width).stored);
  }
  if (neighbour) {
    loaded.scales = neighbour->scales;
    loaded.biases = neighbour->biases;
    return loaded;
  }
  if (isa<ir::DequantizeKOp>(weights)) {
    load_steps(b, weights->getOperand(1), row, block, blocks, loaded);
    return loaded;
  }
  auto affine = dyn_cast<ir::DequantizeOp>(weights);
  const std::int64_t group_size =
      affine ? static_cast<std::int64_t>(affine.getGroupSize()) : loaded.floats.group_size;
  const std::int64_t groups = std::max<std::int64_t>(kPackedBlock / group_size, 1);  // in the block
  const Value group = groups > 1 ? b.mul(block, groups) : b.div(block, group_size / kPackedBlock);
  loaded.scales = load_at(b, weights->getOperand(1), row, group, groups);
  if (affine)
    loaded.biases = load_at(b, affine.getBiases(), row, group, groups);
  return loaded;
}

Values values_of(ArrayRef<WeightPacket> packets) {
  Values values;
  for (WeightPacket packet : packets)
    for (Value* value : loaded_values(packet))
      values.push_back(*value);
  return values;
}

std::vector<WeightPacket> with_values(ArrayRef<WeightPacket> packets, ValueRange values) {
  std::vector<WeightPacket> others(packets.begin(), packets.end());
  for (WeightPacket& packet : others)
    for (Value* value : loaded_values(packet)) {
      *value = values.front();
      values = values.drop_front();
    }
  return others;
}

ScaleAndBias scale_of_block(KernelBuilder& b, const PackedBlock& block) {
  const auto [scales, biases] = scales_of(b, block);
  return {scales[0], biases[0]};
}

Values unpack_block(KernelBuilder& b, const PackedBlock& block) {
  const auto [scales, biases] = scales_of(b, block);
  const std::int64_t group = kPackedBlock / static_cast<std::int64_t>(scales.size());
  Values numbers;
  for (std::int64_t i = 0; i < kPackedBlock; ++i) {
    const auto g = static_cast<std::size_t>(i / group);
    if (!block.biases) {
      numbers.push_back(
          b.make<arith::MulFOp>(small_float(b, block.words, i, block.floats), scales[g]));
      continue;
    }
    const NumberInPlace number = number_in_place(b, block.words, i, block.bits);
    const Value q = b.make<arith::SubFOp>(number.as_float(b), b.f32(number.offset()));
    numbers.push_back(multiply_add(b, q, scales[g], biases[g]));
  }
  return numbers;
}

PackedSums multiply_numbers(KernelBuilder& b, const PackedBlock& block, std::int64_t first,
                            ValueRange left, PackedSums sums) {
  for (auto [i, x] : llvm::enumerate(left)) {
    if (!block.biases) {
      const Value number =
          small_float(b, block.words, first + static_cast<std::int64_t>(i), block.floats);
      sums.shifted = multiply_add(b, x, number, sums.shifted);
      continue;
    }
    const NumberInPlace number =
        number_in_place(b, block.words, first + static_cast<std::int64_t>(i), block.bits);
    sums.shifted = multiply_add(b, x, number.as_float(b), sums.shifted);
    // Equal for all rows of the matrix, and built once.
    sums.offsets = multiply_add(b, x, b.f32(number.offset()), sums.offsets);
  }
  return sums;
}

void multiply_block(KernelBuilder& b, const BlockProducts& products, MutableArrayRef<Value> sums) {
  SmallVector<RowProduct> rows;
  for (const WeightPacket& weights : products.weights)
    rows.emplace_back(b, weights);
  const auto weight_rows = static_cast<std::size_t>(products.weight_rows);
  const auto left_rows = static_cast<std::size_t>(products.left_rows);
  const auto row_of = [&](std::size_t sum) -> const RowProduct& {
    return rows[sum / (left_rows * weight_rows) * weight_rows + sum % weight_rows];
  };
  const auto left_of = [&](std::size_t sum) { return sum / weight_rows % left_rows; };

  std::int64_t span = kPackedBlock;
  for (const RowProduct& row : rows)
    span = std::min(span, row.span());
  for (std::int64_t begin = 0; begin < kPackedBlock; begin += span) {
    SmallVector<PackedSums> dots(sums.size(), {b.f32(0), b.f32(0)});
    Values totals(left_rows, b.f32(0));
    for (std::int64_t first = begin; first < begin + span; first += kLeftWidth) {
      SmallVector<Values> left;
      for (std::size_t m = 0; m < left_rows; ++m) {
        left.push_back(products.left(static_cast<std::int64_t>(m), first));
        for (Value x : left.back())
          totals[m] = b.make<arith::AddFOp>(totals[m], x);
      }
      for (std::size_t i = 0; i < sums.size(); ++i)
        dots[i] = row_of(i).multiply(first, left[left_of(i)], dots[i]);
    }
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] = row_of(i).finish(begin, dots[i], totals[left_of(i)], sums[i]);
  }
}

}  // namespace ashlar::codegen
