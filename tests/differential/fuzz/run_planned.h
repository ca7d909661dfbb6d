// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ir/reference/tensor.h"
#include "tests/differential/fuzz/fuzz_graph.h"

#include <string_view>

namespace ashlar::testing {

// Roots of the graph by the plan that the passes make for a device profile, run on host memory:
// everything but kernels and drivers. Updated leaves are states, all others are donated. Throws
// Unsupported where the passes fail.
std::vector<reference::Tensor> run_planned(const FuzzGraph& graph, std::string_view profile);

}  // namespace ashlar::testing
