// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/program_cache.h"

#include "runtime/array/compile_graph.h"
#include "runtime/vulkan/device.h"

namespace ashlar {

std::shared_ptr<Executor> ProgramCache::find_or_compile(const Graph& graph, bool dynamic_extents) {
  std::string text = (dynamic_extents ? "dynamic\n" : "static\n") + canonical_text(graph);
  if (auto found = by_text_.find(text); found != by_text_.end()) {
    slots_.splice(slots_.begin(), slots_, found->second);
    return slots_.front().executor;
  }
  CompileOptions options = CompileOptions::from_environment();
  options.dynamic_extents = dynamic_extents;
  auto executor = std::make_shared<Executor>(
      device_, compile_graph(graph, device_.profile(), options), states_);
  ++compiled_;
  if (slots_.size() == kCapacity) {
    by_text_.erase(slots_.back().text);
    slots_.pop_back();
  }
  slots_.push_front({std::move(text), std::move(executor)});
  by_text_.emplace(slots_.front().text, slots_.begin());
  return slots_.front().executor;
}

}  // namespace ashlar
