// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sizes/sized_programs.h"

#include "runtime/array/context.h"

#include <algorithm>

namespace ashlar {

const SizedPrograms::Program* SizedPrograms::find(const std::vector<std::string>& signature,
                                                  const Sizes& ends) const {
  const auto found = std::ranges::find_if(programs_, [&](const Program& program) {
    return program.signature == signature && program.ends == ends;
  });
  return found == programs_.end() ? nullptr : &*found;
}

const SizedPrograms::Program& SizedPrograms::add(std::vector<std::string> signature, Sizes ends,
                                                 Graph large, Graph small, bool dynamic_extents) {
  PaddedGraph graph(std::move(large), std::move(small));
  auto executor = Context::instance().executor_for(graph.graph(), dynamic_extents);
  return programs_.emplace_back(std::move(signature), std::move(ends), std::move(graph),
                                std::move(executor));
}

}  // namespace ashlar
