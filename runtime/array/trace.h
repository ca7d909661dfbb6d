// SPDX-License-Identifier: Apache-2.0
// Tracing: running C++ code once to record what it computes.
//
// Traced code may use weights, states, its entry's inputs and host constants. An array that was
// evaluated outside is refused: it would be frozen into the program silently. While a traced graph
// is in use, other threads must not evaluate lazy arrays that it contains.
#pragma once

#include "runtime/array/state.h"

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace ashlar {

struct NamedArray {
  std::string name;
  Array array;
};

// One entry of a program: the function runs once, while tracing, and returns the entry's outputs
// (none, for code that works on states alone).
struct EntryDefinition {
  std::string name;
  std::function<std::vector<NamedArray>()> function;
};

// Traces every entry; they share weights and states. Throws InvalidArgument for repeated entry
// names, two states of one name, or arrays evaluated outside.
Graph trace_entries(const std::vector<EntryDefinition>& entries);

// Declares states once each; throws InvalidArgument when two of one name differ.
void add_states(Graph& graph, std::span<const StateDeclaration> states);

// An input of the entry that is being traced, by name. Throws InvalidArgument outside a trace.
Array entry_input(const std::string& name, DType dtype, const Shape& shape,
                  std::source_location where = std::source_location::current());

// A named tensor of the checkpoint in its stored type. Several names: as many tensors,
// stacked along a new axis 0.
Array weight(std::vector<std::string> names, DType dtype, const Shape& shape,
             std::source_location where = std::source_location::current());

// Collects one entry on this thread while it lives; traces do not nest. Made by trace_entries and
// compile; State and entry_input talk to the current one.
class Trace {
public:
  explicit Trace(std::string entry);
  ~Trace();
  Trace(const Trace&) = delete;
  Trace& operator=(const Trace&) = delete;

  static Trace* current();

  Array input(const std::string& name, ArrayType type);
  Array read(const State& state);
  void update(const State& state, const Array& value);
  // Throws as trace_entries.
  GraphEntry finish(std::vector<NamedArray> outputs);
  // Those that the entry used, in order of first use.
  const std::vector<StateDeclaration>& states() const { return states_; }

private:
  struct Version {
    NodeRef node;
    bool updated;
  };
  Version& version_of(const State& state);
  void check_runs_on_device(const Node& node) const;
  void check_belongs(const Node& node) const;

  GraphEntry entry_;
  std::vector<StateDeclaration> states_;
  std::vector<Version> versions_;  // of each state
  std::set<const Node*> own_;      // inputs and first contents of states
};

}  // namespace ashlar
