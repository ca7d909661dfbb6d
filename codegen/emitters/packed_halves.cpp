// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/packed_halves.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace ashlar::codegen {
namespace {

constexpr std::int64_t kPacketsOfBlock = kPackedBlock / kHalvesWidth;

Type pair_type(KernelBuilder& b) {
  return VectorType::get(2, b.getF16Type());
}

Value pair_of(KernelBuilder& b, Value word) {
  const Value single = vector::FromElementsOp::create(b, VectorType::get(1, b.getI32Type()), word);
  return vector::BitCastOp::create(b, pair_type(b), single);
}

// Two numbers of a word of the weights, half a word apart. `place` is where the first one lies in
// its half: numbers count in units of 2^place there.
struct PairInWord {
  std::int64_t shift, place;
};

// The pairs of a word in the order of their first numbers. Two numbers of 4 bits fit into the
// mantissa of f16 side by side, so that every other one needs no shift.
SmallVector<PairInWord> pairs_of_word(std::int64_t bits) {
  SmallVector<PairInWord> pairs;
  for (std::int64_t bit = 0; bit < 16; bit += bits)
    pairs.push_back({bit / 8 * 8, bit % 8});
  return pairs;
}

Value middle_of(KernelBuilder& b, std::int64_t bits) {
  return b.f32(static_cast<double>(std::int64_t{1} << (bits - 1)));
}

// The numbers less the middle of their range, in their units.
Value centered(KernelBuilder& b, Value word, const PairInWord& pair, std::int64_t bits) {
  constexpr std::int64_t k1024 = 0x6400;  // the mantissa of 1024 counts ones
  const auto twice = [&](std::int64_t half) { return b.i32(half << 16 | half); };
  const std::int64_t mask = ((std::int64_t{1} << bits) - 1) << pair.place;
  const Value placed = pair.shift == 0 ? word : b.make<arith::ShRUIOp>(word, b.i32(pair.shift));
  const Value bits_of_pair =
      b.make<arith::OrIOp>(b.make<arith::AndIOp>(placed, twice(mask)), twice(k1024));
  const double offset = 1024 + static_cast<double>(std::int64_t{1} << (bits - 1 + pair.place));
  const Value offsets = arith::ConstantOp::create(
      b, DenseElementsAttr::get(cast<ShapedType>(pair_type(b)),
                                Attribute(b.getF16FloatAttr(static_cast<float>(offset)))));
  return b.make<arith::SubFOp>(pair_of(b, bits_of_pair), offsets);
}

Value sum_of_halves(KernelBuilder& b, Value pair) {
  const auto half = [&](std::int64_t i) {
    return b.make<arith::ExtFOp>(b.getF32Type(), Value(vector::ExtractOp::create(b, pair, i)));
  };
  return b.make<arith::AddFOp>(half(0), half(1));
}

Value over_block(KernelBuilder& b, Value value, llvm::function_ref<Value(Value, Value)> combine) {
  for (std::int64_t mask = 1; mask < kPacketsOfBlock; mask *= 2)
    value = combine(value, b.shuffle_xor(value, mask));
  return value;
}

// A power of two for a block and its reciprocal, so that the largest value comes to lie in [16, 32)
// or, where that would take an infinite factor, below.
struct Unit {
  Value unit, reciprocal;
};

Unit unit_for(KernelBuilder& b, Value largest) {
  constexpr std::int64_t kMantissa = 23, kOne = 127, kLargest = 4, kMost = 2 * kOne - 1;
  const Value exponent = b.make<arith::ShRUIOp>(bits_of(b, largest), b.i32(kMantissa));
  const Value wanted = b.make<arith::SubIOp>(b.i32(2 * kOne + kLargest), exponent);
  const Value reciprocal = b.make<arith::MinSIOp>(wanted, b.i32(kMost));
  const Value unit = b.make<arith::SubIOp>(b.i32(2 * kOne), reciprocal);
  const auto power = [&](Value exponent_field) {
    return float_of(b, b.make<arith::ShLIOp>(exponent_field, b.i32(kMantissa)));
  };
  return {power(unit), power(reciprocal)};
}

}  // namespace

StagedHalves::StagedHalves(KernelBuilder& builder, std::int64_t rows, std::int64_t columns,
                           std::int64_t bits)
    : b_(builder), blocks_(rows * columns / kPackedBlock), bits_(bits),
      pairs_(builder.shared(VectorType::get(kHalvesWidth / 2, builder.getI32Type()),
                            blocks_ * kPacketsOfBlock)),
      units_(builder.shared(builder.getF32Type(), blocks_)),
      totals_(builder.shared(builder.getF32Type(), blocks_)) {}

// As the numbers of a word lie: each with the one half a word behind it.
Values StagedHalves::in_pairs(ValueRange values) const {
  const std::int64_t in_word = 32 / bits_, half = in_word / 2;
  Values words;
  for (std::int64_t word = 0; word < kHalvesWidth; word += in_word)
    for (auto [i, pair] : llvm::enumerate(pairs_of_word(bits_))) {
      const auto first = static_cast<std::size_t>(word) + i;
      const Value unit = b_.f32(1.0 / static_cast<double>(std::int64_t{1} << pair.place));
      const auto scaled = [&](Value value) {
        return pair.place == 0 ? value : b_.make<arith::MulFOp>(value, unit);
      };
      words.append(pack_words(
          b_, DType::f16,
          {scaled(values[first]), scaled(values[first + static_cast<std::size_t>(half)])}));
    }
  return words;
}

// Packets lie by their number in the block first: then lanes that read adjacent blocks read
// adjacent packets.
void StagedHalves::store(Value packet, ValueRange values) const {
  Value largest = b_.f32(0), total = b_.f32(0);
  for (Value value : values) {
    largest = b_.make<arith::MaxNumFOp>(largest, b_.make<math::AbsFOp>(value));
    total = b_.make<arith::AddFOp>(total, value);
  }
  largest =
      over_block(b_, largest, [&](Value x, Value y) { return b_.make<arith::MaxNumFOp>(x, y); });
  total = over_block(b_, total, [&](Value x, Value y) { return b_.make<arith::AddFOp>(x, y); });
  const Unit unit = unit_for(b_, largest);
  Values scaled;
  for (Value value : values)
    scaled.push_back(b_.make<arith::MulFOp>(value, unit.reciprocal));
  const Values words = in_pairs(scaled);
  const Value block = b_.div(packet, kPacketsOfBlock), number = b_.rem(packet, kPacketsOfBlock);
  b_.store_vector(words, pairs_, b_.add(b_.mul(number, blocks_), block));
  b_.if_then(b_.equal(number, b_.index(0)), [&] {
    b_.store(unit.unit, units_, block);
    b_.store(total, totals_, block);
  });
}

HalvesOfBlock StagedHalves::load(Value block) const {
  HalvesOfBlock halves{{}, b_.load(units_, block), b_.load(totals_, block)};
  for (std::int64_t packet = 0; packet < kPacketsOfBlock; ++packet)
    for (Value word : b_.load_vector(pairs_, b_.add(block, packet * blocks_)))
      halves.pairs.push_back(pair_of(b_, word));
  return halves;
}

Value multiply_halves(KernelBuilder& b, const PackedBlock& weights, const HalvesOfBlock& left,
                      Value sum) {
  constexpr std::size_t kChain = 8;  // products that are summed in f16
  const SmallVector<PairInWord> pairs = pairs_of_word(weights.bits);
  Value dot, chain;
  for (auto [i, x] : llvm::enumerate(left.pairs)) {
    const Value q =
        centered(b, weights.words[i / pairs.size()], pairs[i % pairs.size()], weights.bits);
    chain = i % kChain == 0 ? b.make<arith::MulFOp>(q, x) : b.make<math::FmaOp>(q, x, chain);
    if ((i + 1) % kChain == 0) {
      const Value part = sum_of_halves(b, chain);
      dot = dot ? b.make<arith::AddFOp>(dot, part) : part;
    }
  }
  const auto [scale, bias] = scale_of_block(b, weights);
  // scale * (unit * dot + middle * total) + bias * total
  const Value middle = b.make<arith::MulFOp>(left.total, middle_of(b, weights.bits));
  const Value product = b.make<math::FmaOp>(left.unit, dot, middle);
  return b.make<math::FmaOp>(scale, product, b.make<math::FmaOp>(bias, left.total, sum));
}

}  // namespace ashlar::codegen
