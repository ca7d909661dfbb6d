// SPDX-License-Identifier: Apache-2.0
#include "ir/graph.h"

#include <unordered_set>

namespace ashlar {

NodeRef::NodeRef(Node* node) : node_(node) {
  if (node_)
    node_->references_.fetch_add(1, std::memory_order_relaxed);
}

NodeRef::NodeRef(const NodeRef& other) : NodeRef(other.node_) {}

NodeRef::~NodeRef() {
  if (node_ && node_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
    Node::destroy(node_);
}

Node::Node(std::optional<OpKind> kind, ArrayType type, std::vector<NodeRef> inputs,
           Attributes attributes, SharedBytes data, Origin origin)
    : kind_(kind), type_(std::move(type)), attributes_(std::move(attributes)),
      data_(std::move(data)), origin_(std::move(origin)), inputs_(std::move(inputs)) {}

NodeRef Node::op(OpKind kind, ArrayType type, std::vector<NodeRef> inputs, Attributes attributes,
                 Origin origin) {
  return NodeRef(new Node(kind, std::move(type), std::move(inputs), std::move(attributes), nullptr,
                          std::move(origin)));
}

NodeRef Node::constant(ArrayType type, SharedBytes data, Origin origin) {
  return NodeRef(
      new Node(OpKind::constant, std::move(type), {}, {}, std::move(data), std::move(origin)));
}

NodeRef Node::input(ArrayType type, Origin origin) {
  return NodeRef(new Node(std::nullopt, std::move(type), {}, {}, nullptr, std::move(origin)));
}

NodeRef Node::call(Call call, std::vector<NodeRef> inputs, Origin origin) {
  ArrayType type = inputs[call.result]->type();
  Node* node =
      new Node(std::nullopt, std::move(type), std::move(inputs), {}, nullptr, std::move(origin));
  node->call_ = std::move(call);
  return NodeRef(node);
}

void Node::set_value(std::shared_ptr<DeviceValue> value) {
  value_ = std::move(value);
  inputs_.clear();
}

void Node::donate(std::shared_ptr<const std::string> to) {
  set_value(nullptr);
  donated_to_ = std::move(to);
}

void Node::destroy(Node* node) {
  // A chain of a million operations must not become a million stack frames.
  std::vector<Node*> dead = {node};
  while (!dead.empty()) {
    Node* next = dead.back();
    dead.pop_back();
    for (NodeRef& input : next->inputs_) {
      Node* child = std::exchange(input.node_, nullptr);
      if (child && child->references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
        dead.push_back(child);
    }
    delete next;
  }
}

std::vector<Node*> topological_order(std::span<Node* const> roots) {
  struct Visit {
    Node* node;
    std::size_t next_input;
  };
  std::vector<Node*> order;
  std::unordered_set<const Node*> seen;
  std::vector<Visit> stack;
  auto enter = [&](Node* node) {
    if (seen.insert(node).second)
      stack.push_back({node, 0});
  };
  for (Node* root : roots) {
    enter(root);
    while (!stack.empty()) {
      auto& [node, next_input] = stack.back();
      if (next_input == node->inputs().size()) {
        order.push_back(node);
        stack.pop_back();
      } else {
        enter(node->inputs()[next_input++].get());
      }
    }
  }
  return order;
}

std::vector<Node*> roots_of(const GraphEntry& entry) {
  std::vector<Node*> roots;
  for (const auto* values : {&entry.outputs, &entry.updates})
    for (const NamedNode& value : *values)
      roots.push_back(value.node.get());
  return roots;
}

}  // namespace ashlar
