// SPDX-License-Identifier: Apache-2.0
// How data flows through a kernel's region.
#pragma once

#include "ir/kernel_region.h"

#include "mlir/IR/Value.h"

namespace ashlar {

// Whether the input reaches no output but `output`, and that one only through ops that keep each
// element at its place: then one invocation reads and writes each element.
bool flows_elementwise(mlir::BlockArgument input, unsigned output);

// The same for a "row" kernel, which may also reduce the input over rows that `output` has: the
// emitter is through with all reductions of a row before it stores the row, and each thread stores
// the elements that it read.
bool flows_by_row(const kernel::RegionView& region, mlir::BlockArgument input, unsigned output);

}  // namespace ashlar
