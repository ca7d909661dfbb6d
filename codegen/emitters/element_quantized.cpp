// SPDX-License-Identifier: Apache-2.0
// Elements of packed weights, wherever they are needed: any index, any width.
#include "codegen/emitters/element.h"
#include "codegen/emitters/packed_words.h"
#include "codegen/emitters/storage.h"
#include "ir/ashlar_dialect.h"
#include "runtime/program/affine_encoding.h"

#include "mlir/Dialect/Math/IR/Math.h"

#include <algorithm>

using namespace mlir;

namespace ashlar::codegen {

Values Elements::dequantize(Operation* op, const Point& point) {
  auto dequantize = cast<ir::DequantizeOp>(op);
  const auto last = static_cast<int>(point.index.size()) - 1;
  const bool along_rows = point.width > 1 && point.axis == last;
  // A packet of at most a block lies in one group, or covers groups whole.
  if (point.width > 1 && (!along_rows || point.width > kPackedBlock))
    return lanes(dequantize.getResult(), point);

  const auto bits = static_cast<std::int64_t>(dequantize.getBits());
  const auto group = static_cast<std::int64_t>(dequantize.getGroupSize());
  const Value k = point.index.back();
  const Values numbers = load_numbers(*this, dequantize.getPacked(), point, bits);
  const std::int64_t covered = std::min(point.width, group);
  Values values;
  for (std::int64_t first = 0; first < point.width; first += covered) {
    Values at_group = point.index;
    at_group.back() = b_.div(b_.add(k, first), group);
    const Value scale = at(dequantize.getScales(), at_group);
    const Value bias = at(dequantize.getBiases(), at_group);
    for (std::int64_t i = first; i < first + covered; ++i) {
      const Value q =
          b_.make<arith::SIToFPOp>(b_.getF32Type(), numbers[static_cast<std::size_t>(i)]);
      values.push_back(
          round_to(b_, dtype_of(dequantize.getResult()), b_.make<math::FmaOp>(q, scale, bias)));
    }
  }
  return values;
}

}  // namespace ashlar::codegen
