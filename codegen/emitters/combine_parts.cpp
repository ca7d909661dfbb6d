// SPDX-License-Identifier: Apache-2.0
#include "codegen/emitters/combine_parts.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace ashlar::codegen {

static Values largest_scores(KernelBuilder& b, Value splits, std::size_t rows, std::int64_t at_once,
                             const AttentionParts& parts) {
  const Value lowest = b.f32(-INFINITY);
  Values largest =
      b.loop(b.index(0), splits, b.index(at_once), Values(rows, lowest),
             [&](Value first, ValueRange carried) {
               Values next(carried);
               for (std::int64_t i = 0; i < at_once; ++i)
                 for (auto [largest, score] : llvm::zip_equal(next, parts.largest(b.add(first, i))))
                   largest = b.make<arith::MaxNumFOp>(largest, score);
               return next;
             });
  // A row without keys has -inf everywhere; any finite number keeps its weights at 0.
  for (Value& score : largest)
    score =
        b.select(b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, score, lowest), b.f32(0), score);
  return largest;
}

// What one split adds to the sums: of each row the sum of weights, then the values.
static void add_split(KernelBuilder& b, ValueRange largest, ValueRange scores, ValueRange weights,
                      ValueRange values, Values& sums) {
  const std::size_t per_row = values.size() / scores.size(), stride = 1 + per_row;
  for (std::size_t row = 0; row < scores.size(); ++row) {
    Value weight = b.make<math::ExpOp>(b.make<arith::SubFOp>(scores[row], largest[row]));
    for (std::size_t i = 0; i < stride; ++i) {
      Value& sum = sums[row * stride + i];
      const Value term = i == 0 ? weights[row] : values[row * per_row + i - 1];
      sum = b.make<math::FmaOp>(weight, term, sum);
    }
  }
}

Values combine_parts(KernelBuilder& b, Value splits, std::size_t rows, std::size_t values_per_row,
                     std::int64_t at_once, const AttentionParts& parts) {
  const Values largest = largest_scores(b, splits, rows, at_once, parts);
  const std::size_t stride = 1 + values_per_row;
  const Values sums = b.loop(b.index(0), splits, b.index(at_once), Values(rows * stride, b.f32(0)),
                             [&](Value first, ValueRange carried) {
                               SmallVector<Values> values;
                               for (std::int64_t i = 0; i < at_once; ++i)
                                 values.push_back(parts.values(b.add(first, i)));
                               Values next(carried);
                               for (std::int64_t i = 0; i < at_once; ++i) {
                                 const Value split = b.add(first, i);
                                 add_split(b, largest, parts.largest(split), parts.sums(split),
                                           values[static_cast<std::size_t>(i)], next);
                               }
                               return next;
                             });
  Values results;
  for (std::size_t row = 0; row < rows; ++row) {
    const Value total = sums[row * stride];
    const Value empty = b.make<arith::CmpFOp>(arith::CmpFPredicate::OEQ, total, b.f32(0));
    const Value denominator = b.select(empty, b.f32(1), total);
    for (std::size_t i = 1; i < stride; ++i)
      results.push_back(b.make<arith::DivFOp>(sums[row * stride + i], denominator));
  }
  return results;
}

}  // namespace ashlar::codegen
