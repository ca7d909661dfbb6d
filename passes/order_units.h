// SPDX-License-Identifier: Apache-2.0
// The order of kernels: data flow, and readers of a buffer's old contents before its update.
#pragma once

#include "passes/fusion_plan.h"

#include <optional>

namespace ashlar {

// A unit that would have to run both before and after the in-place update of a buffer it reads.
struct OrderConflict {
  mlir::Value old_contents;
  mlir::Operation* scatter;  // the update
  OpSet readers;             // ops of the unit that read the old contents directly
};

// Sorts the units so that each one follows what it depends on, and merges light units of one level
// when `merge` is set. Units that only write states move as late as possible, so that they merge.
// Where an update has no place, the plan is left as it was and the conflict returned. Diagnoses
// units that read each other's outputs in a cycle.
mlir::FailureOr<std::optional<OrderConflict>> order_units(mlir::Block& block, FusionPlan& plan,
                                                          bool merge);

}  // namespace ashlar
