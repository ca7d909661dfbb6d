// SPDX-License-Identifier: Apache-2.0
// Runs random graphs and compares every element with the reference evaluator.
#pragma once

#include "tests/differential/fuzz/fuzz_graph.h"

#include <functional>
#include <optional>

namespace ashlar::testing {

// `planned`: what the passes make of it for two devices, on host memory. On the device: lazily, as
// a closure over its leaves, as a closure whose updated leaves are states, or donated, several
// times in a row, as a closure over batches whose size has a name, of several sizes, or lazily with
// a program for each output: the only kernels whose shapes come at run time.
enum class FuzzMode { planned, eager, closure, states, donated, sized, single };
inline constexpr FuzzMode kDeviceModes[] = {FuzzMode::eager, FuzzMode::closure, FuzzMode::states,
                                            FuzzMode::donated, FuzzMode::sized};
std::string_view name_of(FuzzMode mode);

// The first difference in words, or what was thrown. Leaves the graph unevaluated.
std::optional<std::string> find_mismatch(const FuzzGraph& graph, FuzzMode mode);

// A graph with as few operations as simple cuts reach for which `fails` still holds: outputs are
// dropped, operations become constants of their value.
FuzzGraph reduce(FuzzGraph graph, const std::function<bool(const FuzzGraph&)>& fails);

}  // namespace ashlar::testing
