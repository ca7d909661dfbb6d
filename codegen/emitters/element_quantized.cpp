// SPDX-License-Identifier: Apache-2.0
// Elements of packed weights, wherever they are needed: any index, any width.
#include "codegen/emitters/element.h"
#include "codegen/emitters/packed_words.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"
#include "runtime/program/affine_encoding.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ashlar::codegen {

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
  return small_float(b_, at(packed, index), b_.to_i32(place));
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

Values Elements::dequantize(Operation* op, const Point& point) {
  if (isa<ir::DequantizeMxfp4Op>(op))
    return dequantize_mxfp4(op, point);
  auto dequantize = cast<ir::DequantizeOp>(op);
  const auto last = static_cast<int>(point.index.size()) - 1;
  const bool along_rows = point.width > 1 && point.axis == last;
  // A packet of at most a block lies in one group.
  if (point.width > 1 && (!along_rows || point.width > kPackedBlock))
    return lanes(dequantize.getResult(), point);

  const auto bits = static_cast<std::int64_t>(dequantize.getBits());
  const auto group = static_cast<std::int64_t>(dequantize.getGroupSize());
  const Value k = point.index.back();
  const Values numbers = load_numbers(*this, dequantize.getPacked(), point, bits);
  Values at_group = point.index;
  at_group.back() = b_.div(k, group);
  const Value scale = at(dequantize.getScales(), at_group);
  const Value bias = at(dequantize.getBiases(), at_group);
  Values values;
  for (Value number : numbers) {
    const Value q = b_.make<arith::SIToFPOp>(b_.getF32Type(), number);
    values.push_back(
        round_to(b_, dtype_of(dequantize.getResult()), b_.make<math::FmaOp>(q, scale, bias)));
  }
  return values;
}

}  // namespace ashlar::codegen
