// SPDX-License-Identifier: Apache-2.0
// How data flows through a kernel's region.
#pragma once

#include "ir/kernel_region.h"

#include "mlir/IR/Value.h"

namespace ashlar {

// Whether the kernel may write `output` over `input`. The input reaches outputs only through ops
// that keep each element at its place, so that one invocation reads and writes each element, and no
// other output, unless the kernel computes all outputs of an element before it stores one. A "row"
// kernel may reduce the input too, over rows that the output has: the emitter is through with all
// reductions of a row before it stores the row, and each thread stores the elements that it read.
// Where it stores one element per row only, the input may reach all of them, row by row: the
// emitter has read it by then.
bool may_overwrite(const kernel::RegionView& region, mlir::BlockArgument input, unsigned output);

}  // namespace ashlar
