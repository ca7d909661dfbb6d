// SPDX-License-Identifier: Apache-2.0
// The programs of one closure that serve ranges of named sizes.
#pragma once

#include "runtime/array/sizes/named_sizes.h"
#include "runtime/array/sizes/padded_graph.h"

#include <list>
#include <memory>
#include <string>
#include <vector>

namespace ashlar {

class Executor;

class SizedPrograms {
public:
  struct Program {
    std::vector<std::string> signature;  // with names in the places of sizes
    Sizes ends;
    PaddedGraph graph;
    std::shared_ptr<Executor> executor;
  };

  // Null where there is none.
  const Program* find(const std::vector<std::string>& signature, const Sizes& ends) const;
  // `large` and `small`: the function at the ends of the ranges and at their least sizes. Throws as
  // PaddedGraph and the compiler.
  const Program& add(std::vector<std::string> signature, Sizes ends, Graph large, Graph small,
                     bool dynamic_extents);

private:
  std::list<Program> programs_;
};

}  // namespace ashlar
