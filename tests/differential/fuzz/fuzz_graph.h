// SPDX-License-Identifier: Apache-2.0
// Random graphs to run on the device and on the reference evaluator. A graph is a pure function of
// its leaves: evaluation, closures and states are ways to run it.
#pragma once

#include "runtime/array/transforms/traced_function.h"

#include <cstdint>
#include <string>
#include <unordered_map>

namespace ashlar::testing {

// What leaf `leaf` holds when the graph has run, where it is the contents of a state.
struct FuzzUpdate {
  std::size_t leaf;
  Array value;
};

struct FuzzGraph {
  Arrays leaves;  // host constants; outputs depend on no others but small literals
  Arrays outputs;
  std::vector<FuzzUpdate> updates;

  // Outputs, then updates.
  Arrays roots() const;
  // The same graph over other arrays of the leaves' types.
  FuzzGraph over(const Arrays& arrays) const;
  // A copy that shares no node: running it leaves this one as it is.
  FuzzGraph copy() const;
  // Operations that are no leaves.
  std::size_t operation_count() const;
  // One line per node.
  std::string text() const;
};

// Of all classes, or elementwise and movement only: these compile quickly, so that a device can run
// more of them.
enum class FuzzOps { all, elementwise };

// `operations` operations on leaves of all element types. Equal seeds give equal graphs on every
// machine.
FuzzGraph make_fuzz_graph(std::uint32_t seed, int operations, FuzzOps ops);

// The graphs side by side, as one program.
FuzzGraph merge(const std::vector<FuzzGraph>& graphs);

// How far the results of `root` may be off: 0 where every operation before it is exact or rounds
// once, else relative to the element.
double relative_tolerance(const Array& root);

}  // namespace ashlar::testing
