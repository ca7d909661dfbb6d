// SPDX-License-Identifier: Apache-2.0
// Compiled programs by what they compute. A hit compares the whole canonical text of the graph. The
// least recently used program goes when the cache is full.
//
// Thread-safety: one thread at a time.
#pragma once

#include "ir/graph.h"
#include "runtime/executor/executor.h"

#include <list>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace ashlar {

class ProgramCache {
public:
  static constexpr std::size_t kCapacity = 512;

  ProgramCache(Device& device, StateStore& states) : device_(device), states_(states) {}

  // Compiles the graph unless the cache has it; with `dynamic_extents`, its elementwise kernels
  // serve other shapes too.
  std::shared_ptr<Executor> find_or_compile(const Graph& graph, bool dynamic_extents);

  std::uint64_t compiled() const { return compiled_; }

private:
  struct Slot {
    std::string text;
    std::shared_ptr<Executor> executor;
  };

  Device& device_;
  StateStore& states_;
  std::list<Slot> slots_;  // most recently used first
  std::unordered_map<std::string_view, std::list<Slot>::iterator> by_text_;
  std::uint64_t compiled_ = 0;
};

}  // namespace ashlar
