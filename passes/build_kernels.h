// SPDX-License-Identifier: Apache-2.0
// Turns a fusion plan into kernel.fused ops.
#pragma once

#include "passes/fusion_plan.h"

namespace ashlar {

// Creates the units' kernel.fused ops in order, before `block`'s first state_write (all of which
// must directly precede the terminator), and erases the array ops they replace.
void build_kernels(mlir::Block& block, const std::vector<KernelUnit>& units);

}  // namespace ashlar
