// SPDX-License-Identifier: Apache-2.0
// How data flows through a kernel's region.
#pragma once

#include "mlir/IR/Value.h"

namespace ashlar {

// Whether the input reaches no output but `output`, and that one only through ops that keep each
// element at its place: then one invocation reads and writes each element.
bool flows_elementwise(mlir::BlockArgument input, unsigned output);

}  // namespace ashlar
