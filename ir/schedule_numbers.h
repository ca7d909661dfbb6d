// SPDX-License-Identifier: Apache-2.0
// Arithmetic that the files of the schedule model share.
#pragma once

#include "ir/kernel_region.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>

namespace ashlar::kernel {

inline std::int64_t ceil_div(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(
      llvm::divideCeil(static_cast<std::uint64_t>(a), static_cast<std::uint64_t>(b)));
}

inline std::int64_t power_of_two_above(std::int64_t n) {
  return static_cast<std::int64_t>(
      llvm::PowerOf2Ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(n, 1))));
}

inline std::int64_t limited(std::int64_t value, std::int64_t low, std::int64_t high) {
  return std::min(std::max(value, low), std::max(low, high));
}

inline ScheduleAttr
make_schedule(mlir::MLIRContext* context, llvm::StringRef emitter,
              llvm::ArrayRef<std::pair<llvm::StringRef, std::int64_t>> parameters) {
  mlir::Builder builder(context);
  llvm::SmallVector<mlir::NamedAttribute> named;
  for (auto [name, value] : parameters)
    named.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
  return ScheduleAttr::get(context, emitter, builder.getDictionaryAttr(named));
}

inline std::int64_t splits_of(mlir::Operation* op) {
  auto splits = op->getAttrOfType<mlir::IntegerAttr>("splits");
  return splits ? std::max<std::int64_t>(splits.getInt(), 1) : 1;
}

struct MatmulExtent {
  std::int64_t m, n, k;
};

// Rows of all batches, columns, and length of the products.
inline MatmulExtent matmul_extent(mlir::Operation* matmul) {
  auto lhs = mlir::cast<mlir::RankedTensorType>(matmul->getOperand(0).getType());
  auto result = mlir::cast<mlir::RankedTensorType>(matmul->getResult(0).getType());
  const std::int64_t k = lhs.getShape().back();
  const std::int64_t n = result.getShape().back();
  return {n == 0 ? 0 : result.getNumElements() / n, n, k};
}

}  // namespace ashlar::kernel
