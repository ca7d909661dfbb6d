// SPDX-License-Identifier: Apache-2.0
// The order of a kernel's inputs, ops and outputs. It follows from what the kernel computes, not
// from where the graph mentions it, so that equal kernels of different layers look equal.
#pragma once

#include "passes/fusion_plan.h"

namespace ashlar {

struct RegionOrder {
  mlir::SmallVector<mlir::Value> outputs;   // by their expressions
  mlir::SmallVector<mlir::Operation*> ops;  // operands before users
  ValueSet inputs;                          // as the ops mention them
};

RegionOrder canonical_order(const KernelUnit& unit);

}  // namespace ashlar
