// SPDX-License-Identifier: Apache-2.0
// Runs a module before and after passes on the reference evaluator and compares results and states.
#pragma once

#include "ir/reference/evaluator.h"
#include "passes/pipeline.h"

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <string>

namespace ashlar {

// Deterministic contents for inputs, weights and states.
reference::Tensor random_tensor(const ArrayType& type, std::uint64_t seed);

struct Difference {
  double largest = 0;  // of |a - b| over all results and states
  std::string where;   // of the first difference; empty when there is none
};

// Evaluates the module's first entry, then runs the plan (level L4) that the pipeline makes of a
// copy, from equal inputs.
Difference compare_with_plan(mlir::ModuleOp module, const PipelineOptions& options);

// Registers the dialects that tests need.
void load_dialects(mlir::MLIRContext& context);

}  // namespace ashlar
