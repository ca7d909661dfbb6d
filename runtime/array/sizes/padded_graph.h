// SPDX-License-Identifier: Apache-2.0
// One program for arrays of many sizes. Its inputs and outputs have room for the largest; what they
// hold lies at the beginning of their memory, without gaps, whatever its sizes. Numbers that follow
// the sizes (extents, 1 / n of a mean) are inputs too.
#pragma once

#include "runtime/array/array.h"
#include "runtime/array/sizes/padding.h"

#include <vector>

namespace ashlar {

class PaddedGraph {
public:
  // From one function traced at the largest sizes and at the least, which shows what follows them.
  // Throws Unsupported where no such program is right.
  PaddedGraph(Graph large, Graph small);

  // Inputs: those of the function, then i32 and f32 numbers, where there are any.
  const Graph& graph() const { return graph_; }

  // The numbers for the sizes of `traced`, in the order of the last inputs. Throws Unsupported
  // where the function does something else for these sizes than what the program does.
  std::vector<Array> numbers_for(const Graph& traced) const;

private:
  void build();
  void check_same_plan(const std::vector<NodePair>& pairs) const;

  Graph large_, small_, graph_;
  std::vector<NodePair> pairs_;
  std::unordered_map<const Node*, std::size_t> index_;
  std::vector<SizeNumber> integers_, reals_;
};

}  // namespace ashlar
