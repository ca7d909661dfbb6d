// SPDX-License-Identifier: Apache-2.0
// Places the values of one entry and writes its plan.entry.
#pragma once

#include "passes/weight_layout.h"

#include "ir/plan_dialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <cstdint>
#include <vector>

namespace ashlar {

// What all entries of a module share.
struct SharedPlan {
  explicit SharedPlan(WeightLayout layout) : weights(std::move(layout)) {}

  WeightLayout weights;
  llvm::StringMap<std::int64_t> states;  // name -> index, in the order of declaration
  std::vector<std::int8_t> constants;
  llvm::DenseMap<mlir::Attribute, std::int64_t> constant_offsets;
};

// Creates the plan.entry of `function` at the builder's place. Fails with a diagnostic on ops that
// have no place in a plan.
mlir::LogicalResult plan_entry(mlir::OpBuilder& builder, mlir::func::FuncOp function,
                               SharedPlan& shared, bool alias);

}  // namespace ashlar
