// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/sizes/graph_pair.h"

#include "runtime/program/error.h"

#include <algorithm>
#include <unordered_map>

namespace ashlar {
namespace {

[[noreturn]] void refuse(const Node& node, std::string_view what) {
  throw Unsupported("compile", "{} {}", described(node), what);
}

bool may_differ(OpKind kind, std::string_view attribute) {
  switch (kind) {
  case OpKind::full:
    return attribute == "shape" || attribute == "value";
  case OpKind::iota:
  case OpKind::reshape:
  case OpKind::broadcast:
    return attribute == "shape";
  case OpKind::slice:
    return attribute == "starts" || attribute == "sizes";
  case OpKind::pad:
    return attribute == "high";
  default:
    return false;
  }
}

void check_attributes(const Node& large, const Node& small) {
  for (const auto& [name, value] : large.attributes().values()) {
    const AttributeValue* other = small.attributes().find(name);
    if ((!other || *other != value) && !may_differ(large.kind(), name))
      refuse(large, fmt::format("has another '{}' for every size", name));
  }
}

void check_type(const Node& large, const Node& small) {
  const ArrayType &a = large.type(), &b = small.type();
  if (a.dtype != b.dtype || a.shape.rank() != b.shape.rank())
    refuse(large, "has another type for every size");
  for (int axis = 0; axis < a.shape.rank(); ++axis)
    if (b.shape.dim(axis) > a.shape.dim(axis))
      refuse(large, "shrinks where sizes grow");
}

class Pairing {
public:
  std::vector<NodePair> run(const GraphEntry& large, const GraphEntry& small) {
    if (large.inputs.size() != small.inputs.size() || names_of(large) != names_of(small))
      throw Unsupported("compile", "the function has other results for every size");
    for (std::size_t i = 0; i < large.inputs.size(); ++i)
      add(large.inputs[i].node.get(), small.inputs[i].node.get());
    const std::vector<Node*> order = topological_order(roots_of(large)),
                             other = topological_order(roots_of(small));
    if (order.size() != other.size())
      throw Unsupported("compile",
                        "the function computes {} values for one size and {} for "
                        "another",
                        other.size(), order.size());
    for (std::size_t i = 0; i < order.size(); ++i)
      visit(order[i], other[i]);
    check_results(large.outputs, small.outputs);
    check_results(large.updates, small.updates);
    return std::move(pairs_);
  }

private:
  static std::vector<std::string> names_of(const GraphEntry& entry) {
    std::vector<std::string> names;
    for (const auto* list : {&entry.outputs, &entry.updates})
      for (const NamedNode& value : *list)
        names.push_back(value.name);
    return names;
  }

  void add(Node* large, Node* small) {
    check_type(*large, *small);
    pairs_.push_back({large, small});
    partner_.emplace(large, small);
  }

  void visit(Node* large, Node* small) {
    if (const auto found = partner_.find(large); found != partner_.end()) {
      require_partner(*large, small);
      return;
    }
    if (large->is_input() || small->is_input() || large->is_call() != small->is_call() ||
        large->inputs().size() != small->inputs().size())
      refuse(*large, "stands for one size only");
    for (std::size_t i = 0; i < large->inputs().size(); ++i)
      require_partner(*large->inputs()[i], small->inputs()[i].get());
    if (large->is_call()) {
      if (large->call().result != small->call().result)
        refuse(*large, "stands for one size only");
    } else {
      check_operation(*large, *small);
    }
    add(large, small);
  }

  static void check_operation(const Node& large, const Node& small) {
    if (large.kind() != small.kind())
      refuse(large, "stands for one size only");
    check_attributes(large, small);
    if (large.data() && *large.data() != *small.data())
      refuse(large, "has other contents for every size");
  }

  void require_partner(const Node& large, const Node* small) const {
    if (partner_.at(&large) != small)
      refuse(large, "is used in another way for every size");
  }

  void check_results(const std::vector<NamedNode>& large, const std::vector<NamedNode>& small) {
    for (std::size_t i = 0; i < large.size(); ++i)
      require_partner(*large[i].node, small[i].node.get());
  }

  std::vector<NodePair> pairs_;
  std::unordered_map<const Node*, const Node*> partner_;
};

}  // namespace

bool NodePair::varies(std::int64_t axis) const {
  const auto at = static_cast<std::size_t>(axis);
  return large->type().shape.dims()[at] != small->type().shape.dims()[at];
}

bool NodePair::varies() const {
  return large->type().shape != small->type().shape;
}

std::vector<NodePair> pair_graphs(const Graph& large, const Graph& small) {
  if (large.states != small.states)
    throw Unsupported("compile", "the function uses other states for every size");
  return Pairing().run(large.entries[0], small.entries[0]);
}

std::string described(const Node& node) {
  const std::source_location& where = node.origin().where;
  const std::string_view name = node.is_input()  ? "input"
                                : node.is_call() ? "custom_function"
                                                 : op_info(node.kind()).name;
  return fmt::format("'{}' ({}:{})", name, where.file_name(), where.line());
}

}  // namespace ashlar
