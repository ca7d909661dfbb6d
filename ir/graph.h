// SPDX-License-Identifier: Apache-2.0
// The graph that lazy arrays build: immutable, reference-counted nodes, one per array operation.
// Free of MLIR; ir/import.h turns a Graph into a module.
//
// Thread-safety: nodes may be shared between threads; reference counts are atomic. Everything of a
// node is constant after construction but its value and inputs, which only the evaluator changes
// (runtime/array/eval.h says under which lock). Destruction and traversal take constant stack.
#pragma once

#include "ir/op_info.h"
#include "runtime/program/program.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace ashlar {

class DeviceValue;   // an evaluated array's buffer; defined in runtime/array
struct CustomRules;  // how transforms treat a call; defined in runtime/array
class Node;

// Shared ownership of a node. Null only when default constructed or moved from.
class NodeRef {
public:
  NodeRef() = default;
  explicit NodeRef(Node* node);
  NodeRef(const NodeRef& other);
  NodeRef(NodeRef&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodeRef& operator=(NodeRef other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodeRef();

  Node* get() const { return node_; }
  Node& operator*() const { return *node_; }
  Node* operator->() const { return node_; }
  explicit operator bool() const { return node_ != nullptr; }
  bool operator==(const NodeRef&) const = default;

private:
  friend class Node;
  Node* node_ = nullptr;
};

// Row-major contents of a constant.
using SharedBytes = std::shared_ptr<const std::vector<std::byte>>;

// Where an operation was written and in which named part of the model.
struct Origin {
  std::shared_ptr<const std::string> scope;  // "layers.3.self_attn"; null outside any scope
  std::source_location where;
};

// One result of a function that transforms see as a whole. Its value is the input of index
// `result`. Inputs: every result of the function, as computed from the arguments, then the
// arguments.
struct Call {
  std::shared_ptr<const CustomRules> rules;  // shared by the results of one call
  std::size_t result;
  std::size_t results;
};

class Node {
public:
  // An operation of the table.
  static NodeRef op(OpKind kind, ArrayType type, std::vector<NodeRef> inputs, Attributes attributes,
                    Origin origin);
  static NodeRef constant(ArrayType type, SharedBytes data, Origin origin);
  // A value that an entry receives when it runs.
  static NodeRef input(ArrayType type, Origin origin);
  // Has the type of its result among `inputs`.
  static NodeRef call(Call call, std::vector<NodeRef> inputs, Origin origin);

  bool is_input() const { return !kind_ && !call_; }
  bool is_call() const { return call_.has_value(); }
  bool is(OpKind kind) const { return kind_ == kind; }
  OpKind kind() const { return *kind_; }
  const Call& call() const { return *call_; }
  const ArrayType& type() const { return type_; }
  const Attributes& attributes() const { return attributes_; }
  const SharedBytes& data() const { return data_; }  // constants only
  const Origin& origin() const { return origin_; }

  const std::vector<NodeRef>& inputs() const { return inputs_; }
  const std::shared_ptr<DeviceValue>& value() const { return value_; }
  // Array objects, and nodes that need this one.
  std::uint32_t references() const { return references_.load(std::memory_order_relaxed); }
  // An evaluated node no longer needs what it was computed from.
  void set_value(std::shared_ptr<DeviceValue> value);
  // Who has the node's memory now, for messages; null unless it was donated. Then it has no value.
  const std::shared_ptr<const std::string>& donated_to() const { return donated_to_; }
  void donate(std::shared_ptr<const std::string> to);

private:
  friend class NodeRef;
  Node(std::optional<OpKind> kind, ArrayType type, std::vector<NodeRef> inputs,
       Attributes attributes, SharedBytes data, Origin origin);
  static void destroy(Node* node);

  std::atomic<std::uint32_t> references_ = 0;
  std::optional<OpKind> kind_;
  std::optional<Call> call_;
  ArrayType type_;
  Attributes attributes_;
  SharedBytes data_;
  Origin origin_;
  std::vector<NodeRef> inputs_;
  std::shared_ptr<DeviceValue> value_;
  std::shared_ptr<const std::string> donated_to_;
};

// A device buffer that entries read (op `state_read`) and update.
struct StateDeclaration {
  std::string name;
  ArrayType type;             // axis 0 is kDynamic when the state can grow
  std::int64_t capacity = 0;  // rows at first, of one that can grow
  Residency residency = Residency::state;

  bool operator==(const StateDeclaration&) const = default;
};

struct NamedNode {
  std::string name;
  NodeRef node;
};

// One computation. `updates` holds, for each state that changes, its contents afterwards.
struct GraphEntry {
  std::string name;
  std::vector<NamedNode> inputs;
  std::vector<NamedNode> outputs;
  std::vector<NamedNode> updates;
  std::vector<std::size_t> donated = {};  // inputs whose memory outputs may take
};

// Several entries over the same states: one program.
struct Graph {
  std::vector<StateDeclaration> states;
  std::vector<GraphEntry> entries;
};

// The nodes that `roots` need, each after its inputs, in an order that depends only on the graph.
std::vector<Node*> topological_order(std::span<Node* const> roots);

// What an entry computes: outputs, then updates.
std::vector<Node*> roots_of(const GraphEntry& entry);

// One line per node, equal exactly for equal graphs; scopes and source lines do not count. The key
// of program caches, and what ASHLAR_DEBUG=check-trace compares.
std::string canonical_text(const Graph& graph);

}  // namespace ashlar
