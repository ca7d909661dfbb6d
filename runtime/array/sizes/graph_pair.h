// SPDX-License-Identifier: Apache-2.0
// Two graphs of one function, traced for arrays of different sizes: what is the same in both, and
// what follows the sizes.
#pragma once

#include "ir/graph.h"

#include <vector>

namespace ashlar {

// One node of the function. Types differ in extents at most, those of `small` being none larger.
struct NodePair {
  Node* large;
  Node* small;

  bool varies(std::int64_t axis) const;
  bool varies() const;
};

// All nodes of the only entries of both graphs, each after its inputs; the inputs of the entries
// come first. Throws Unsupported, with the operation and its line, where the graphs differ in more
// than extents, full's value, slice's starts and pad's `high`.
std::vector<NodePair> pair_graphs(const Graph& large, const Graph& small);

// "'reshape' (model.cpp:12)"
std::string described(const Node& node);

}  // namespace ashlar
