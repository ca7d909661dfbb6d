// SPDX-License-Identifier: Apache-2.0
// Executes plans on host memory: every range is bytes, every dispatch runs its kernel on the
// reference evaluator. Commands between two barriers run last first, so that a missing barrier
// shows; the arena and the outputs start as garbage, so that a wrong range shows; donated inputs
// share memory with their outputs.
#pragma once

#include "ir/plan_dialect.h"
#include "ir/reference/evaluator.h"

#include "mlir/IR/BuiltinOps.h"

#include <vector>

namespace ashlar {

// Runs the first plan.entry of the module; updates `states` and returns the outputs.
std::vector<reference::Tensor> run_plan(mlir::ModuleOp module,
                                        const std::vector<reference::Tensor>& inputs,
                                        reference::States& states,
                                        const reference::WeightSource& weights);

}  // namespace ashlar
