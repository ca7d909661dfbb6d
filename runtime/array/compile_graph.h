// SPDX-License-Identifier: Apache-2.0
// From a graph to a program that the runtime can execute.
#pragma once

#include "codegen/compile.h"
#include "ir/graph.h"
#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

namespace ashlar {

// Imports the graph and runs the whole compiler. Throws what import_graph and compile throw. Safe
// from any thread.
Program compile_graph(const Graph& graph, const DeviceProfile& profile,
                      const CompileOptions& options = CompileOptions::from_environment());

}  // namespace ashlar
