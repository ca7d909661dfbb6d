// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/trace.h"

#include "runtime/array/donation.h"
#include "runtime/array/host_call.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <set>

namespace ashlar {
namespace {

thread_local Trace* current_trace = nullptr;

std::string place_of(const Node& node) {
  const Origin& origin = node.origin();
  return fmt::format("{}:{}{}{}", origin.where.file_name(), origin.where.line(),
                     origin.scope ? ", in " : "", origin.scope ? *origin.scope : "");
}

}  // namespace

Trace::Trace(std::string entry) {
  if (current_trace)
    throw InvalidArgument("trace", "'{}' cannot be traced inside '{}'", entry,
                          current_trace->entry_.name);
  entry_.name = std::move(entry);
  current_trace = this;
}

Trace::~Trace() {
  current_trace = nullptr;
}

Trace* Trace::current() {
  return current_trace;
}

Array Trace::input(const std::string& name, ArrayType type) {
  if (std::ranges::find(entry_.inputs, name, &NamedNode::name) != entry_.inputs.end())
    throw InvalidArgument("trace", "entry '{}' has two inputs named '{}'", entry_.name, name);
  entry_.inputs.push_back({name, Node::input(std::move(type), current_origin())});
  return Array(entry_.inputs.back().node);
}

Trace::Version& Trace::version_of(const State& state) {
  const auto at = std::ranges::find(states_, state.name(), &StateDeclaration::name);
  if (at != states_.end()) {
    if (*at != state.declaration())
      throw InvalidArgument("trace", "two states are named '{}'", state.name());
    return versions_[static_cast<std::size_t>(at - states_.begin())];
  }
  states_.push_back(state.declaration());
  NodeRef before =
      Node::op(OpKind::state_read, state.type(), {}, {{"state", state.name()}}, current_origin());
  own_.insert(before.get());
  return versions_.emplace_back(Version{std::move(before), false});
}

Array Trace::read(const State& state) {
  return Array(version_of(state).node);
}

void Trace::update(const State& state, const Array& value) {
  version_of(state) = {value.node(), true};
}

GraphEntry Trace::finish(std::vector<NamedArray> outputs) {
  for (const NamedArray& output : outputs)
    entry_.outputs.push_back({output.name, output.array.node()});
  for (std::size_t i = 0; i < states_.size(); ++i)
    if (versions_[i].updated)
      entry_.updates.push_back({states_[i].name, versions_[i].node});
  for (const NamedNode& input : entry_.inputs)
    own_.insert(input.node.get());
  // Host calls first: what they stand on belongs to no trace either.
  const auto nodes = topological_order(roots_of(entry_));
  for (const Node* node : nodes)
    check_runs_on_device(*node);
  for (const Node* node : nodes)
    check_belongs(*node);
  return std::move(entry_);
}

void Trace::check_runs_on_device(const Node& node) const {
  if (is_host_call(node))
    throw InvalidArgument("trace",
                          "entry '{}' calls a function that runs on the host ({}): call it outside "
                          "and pass the result",
                          entry_.name, place_of(node));
}

void Trace::check_belongs(const Node& node) const {
  require_kept(node);
  const bool constant = !node.is_input() && node.is(OpKind::constant);
  if (node.value() && !constant)
    throw InvalidArgument("trace",
                          "entry '{}' uses an array that was evaluated outside ({}): pass it as an "
                          "argument, or make it a state, a weight or a host constant",
                          entry_.name, place_of(node));
  const bool tied = node.is_input() || node.is(OpKind::state_read);
  if (tied && !own_.contains(&node))
    throw InvalidArgument("trace", "entry '{}' uses an array of another trace ({})", entry_.name,
                          place_of(node));
}

Graph trace_entries(const std::vector<EntryDefinition>& entries) {
  Graph graph;
  std::set<std::string_view> names;
  for (const EntryDefinition& definition : entries) {
    if (!names.insert(definition.name).second)
      throw InvalidArgument("trace", "two entries are named '{}'", definition.name);
    Trace trace(definition.name);
    std::vector<NamedArray> outputs = definition.function();
    graph.entries.push_back(trace.finish(std::move(outputs)));
    add_states(graph, trace.states());
  }
  return graph;
}

void add_states(Graph& graph, std::span<const StateDeclaration> states) {
  for (const StateDeclaration& state : states) {
    const auto known = std::ranges::find(graph.states, state.name, &StateDeclaration::name);
    if (known == graph.states.end())
      graph.states.push_back(state);
    else if (*known != state)
      throw InvalidArgument("trace", "two states are named '{}'", state.name);
  }
}

Array entry_input(const std::string& name, DType dtype, const Shape& shape,
                  std::source_location where) {
  const WrittenAt at(where);
  Trace* trace = Trace::current();
  if (!trace)
    throw InvalidArgument("trace", "input '{}' was declared outside a trace", name);
  return trace->input(name, {dtype, shape});
}

Array weight(std::vector<std::string> names, DType dtype, const Shape& shape,
             std::source_location where) {
  const WrittenAt at(where);
  return Array(Node::op(OpKind::weight, {dtype, shape}, {}, {{"names", std::move(names)}},
                        current_origin()));
}

}  // namespace ashlar
