// SPDX-License-Identifier: Apache-2.0
// Elements of packed weights, wherever they are needed: any index, any width.
#include "codegen/emitters/element.h"
#include "codegen/emitters/packed_words.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"
#include "runtime/program/affine_encoding.h"
#include "runtime/program/k_encoding.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <algorithm>

using namespace mlir;

namespace ashlar::codegen {
namespace {

struct Packing {
  std::int64_t bits;
  std::int64_t group_size;
};

Packing packing_of(Operation* op) {
  if (auto affine = dyn_cast<ir::DequantizeOp>(op))
    return {static_cast<std::int64_t>(affine.getBits()),
            static_cast<std::int64_t>(affine.getGroupSize())};
  if (isa<ir::DequantizeFloatOp>(op)) {
    const FloatEncoding encoding = float_encoding_of(op);
    return {encoding.bits(), encoding.group_size};
  }
  const auto bits = static_cast<std::int64_t>(cast<ir::DequantizeKOp>(op).getBits());
  return {bits, k_group_size(bits)};
}

}  // namespace

// The packed element that holds number `k` of a row, and the number's first bit there.
Value Elements::small_float_at(Operation* op, Values index) {
  const Value packed = op->getOperand(0), k = index.back();
  Value place;
  if (dtype_of(packed) == DType::u8) {
    index.back() = b_.div(k, kPackedBlock);
    index.push_back(b_.div(b_.rem(k, kPackedBlock), 2));
    place = b_.mul(b_.rem(k, 2), 4);
  } else {
    index.back() = b_.div(k, 8);
    place = b_.mul(b_.rem(k, 8), 4);
  }
  const Value code = b_.make<arith::ShRUIOp>(at(packed, index), b_.to_i32(place));
  return small_float(b_, code, float_encoding_of(op));
}

Values Elements::dequantize_mxfp4(Operation* op, const Point& point) {
  Values values;
  for (std::int64_t i = 0; i < point.width; ++i) {
    const Values index = point.lane(b_, i).index;
    Values at_group = index;
    at_group.back() = b_.div(index.back(), kPackedBlock);
    const Value scale = power_of_two(b_, at(op->getOperand(1), at_group));
    values.push_back(round_to(b_, dtype_of(op->getResult(0)),
                              b_.make<arith::MulFOp>(small_float_at(op, index), scale)));
  }
  return values;
}

// Of the group that number index.back() of a row lies in.
ScaleAndBias Elements::scale_at(Operation* op, Values index) {
  const Value k = index.back();
  if (auto affine = dyn_cast<ir::DequantizeOp>(op)) {
    index.back() = b_.div(k, static_cast<std::int64_t>(affine.getGroupSize()));
    return {at(affine.getScales(), index), at(affine.getBiases(), index)};
  }
  if (auto floats = dyn_cast<ir::DequantizeFloatOp>(op)) {
    index.back() = b_.div(k, static_cast<std::int64_t>(floats.getGroupSize()));
    const double unit = small_float_unit(float_encoding_of(op));
    return {b_.make<arith::MulFOp>(at(floats.getScales(), index), b_.f32(unit)), b_.f32(-0.0)};
  }
  auto two_steps = cast<ir::DequantizeKOp>(op);
  const auto bits = static_cast<std::int64_t>(two_steps.getBits());
  const Value record = b_.mul(b_.div(k, kSuperBlock), kSuperBlockScaleWords);
  index.back() = record;
  const Values halves = unpack_words(b_, DType::f16, {at(two_steps.getScales(), index)});
  // Half a block of numbers has a byte.
  const Value byte = b_.div(b_.rem(k, kSuperBlock), kPackedBlock / 2);
  const Value first = b_.mul(b_.div(byte, k_group_size(bits) / 16), k_group_size(bits) / 16);
  index.back() = b_.add(record, b_.add(b_.div(first, 4), 1));
  const Value bytes = b_.make<arith::ShRUIOp>(at(two_steps.getScales(), index),
                                              b_.to_i32(b_.mul(b_.rem(first, 4), 8)));
  return k_scale(b_, halves[0], halves[1], bytes, bits);
}

Values Elements::dequantize(Operation* op, const Point& point) {
  if (isa<ir::DequantizeMxfp4Op>(op))
    return dequantize_mxfp4(op, point);
  const Value result = op->getResult(0);
  const auto last = static_cast<int>(point.index.size()) - 1;
  const bool along_rows = point.width > 1 && point.axis == last;
  // A packet of at most a block lies in one group, or covers groups whole.
  if (point.width > 1 && (!along_rows || point.width > kPackedBlock))
    return lanes(result, point);

  const auto [bits, group] = packing_of(op);
  const bool are_floats = isa<ir::DequantizeFloatOp>(op);
  const Values numbers = load_numbers(*this, op->getOperand(0), point, bits);
  const std::int64_t covered = std::min(point.width, group);
  Values values;
  for (std::int64_t first = 0; first < point.width; first += covered) {
    Values at_group = point.index;
    at_group.back() = b_.add(point.index.back(), first);
    const ScaleAndBias group_scale = scale_at(op, at_group);
    for (std::int64_t i = first; i < first + covered; ++i) {
      const Value number = numbers[static_cast<std::size_t>(i)];
      const Value q = are_floats ? small_float(b_, number, float_encoding_of(op))
                                 : b_.make<arith::SIToFPOp>(b_.getF32Type(), number);
      values.push_back(round_to(b_, dtype_of(result),
                                b_.make<math::FmaOp>(q, group_scale.scale, group_scale.bias)));
    }
  }
  return values;
}

}  // namespace ashlar::codegen
