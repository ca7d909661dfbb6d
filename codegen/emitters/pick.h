// SPDX-License-Identifier: Apache-2.0
// The first few of a short line, picked one by one in the registers of a subgroup, without any
// barrier.
#pragma once

#include "codegen/emitters/line.h"

namespace ashlar::codegen {

// Lane i of the subgroup gets the index of the element that `topk`, an ashlar.topk_indices that
// kernel::picks_in_registers allows, puts at place i of its line. To be called by whole subgroups.
Value pick_first(Elements& elements, mlir::Operation* topk, const Line& line);

}  // namespace ashlar::codegen
