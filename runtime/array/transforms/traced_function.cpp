// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/transforms/traced_function.h"

#include "runtime/array/creation.h"
#include "runtime/array/origin.h"

#include <algorithm>
#include <unordered_map>

namespace ashlar {
namespace {

thread_local int transform_depth = 0;

struct InTransform {
  InTransform() { ++transform_depth; }
  ~InTransform() { --transform_depth; }
};

}  // namespace

bool in_transform() {
  return transform_depth > 0;
}

NodeRef parameter_like(const Array& array) {
  return Node::input(array.type(), current_origin());
}

TracedFunction trace_function(const ArrayFunction& function, const Arrays& arguments) {
  const InTransform active;
  TracedFunction traced;
  Arrays parameters;
  for (const Array& argument : arguments) {
    traced.parameters.push_back(parameter_like(argument));
    parameters.emplace_back(traced.parameters.back());
  }
  traced.results = function(parameters);
  return traced;
}

Arrays TracedFunction::operator()(const Arrays& arguments) const {
  return substitute(results, parameters, arguments);
}

NodeRef rebuild(const Node& node, std::vector<NodeRef> inputs) {
  if (node.is_call())
    return Node::call(node.call(), std::move(inputs), node.origin());
  return Node::op(node.kind(), node.type(), std::move(inputs), node.attributes(), node.origin());
}

Arrays substitute(const Arrays& roots, std::span<const NodeRef> from, std::span<const Array> to) {
  std::unordered_map<const Node*, NodeRef> replaced;
  for (std::size_t i = 0; i < from.size(); ++i)
    replaced.emplace(from[i].get(), to[i].node());
  const auto replacement = [&](const NodeRef& node) {
    const auto found = replaced.find(node.get());
    return found == replaced.end() ? node : found->second;
  };
  for (const Node* node : topological_order(roots)) {
    const bool changes = std::ranges::any_of(
        node->inputs(), [&](const NodeRef& input) { return replaced.contains(input.get()); });
    if (!changes || replaced.contains(node))
      continue;
    std::vector<NodeRef> inputs;
    for (const NodeRef& input : node->inputs())
      inputs.push_back(replacement(input));
    replaced.emplace(node, rebuild(*node, std::move(inputs)));
  }
  Arrays result;
  for (const Array& root : roots)
    result.emplace_back(replacement(root.node()));
  return result;
}

std::vector<Node*> topological_order(const Arrays& roots) {
  std::vector<Node*> nodes;
  for (const Array& root : roots)
    nodes.push_back(root.node().get());
  return topological_order(nodes);
}

std::unordered_set<const Node*> dependents(std::span<Node* const> order,
                                           std::span<const NodeRef> parameters) {
  std::unordered_set<const Node*> found;
  for (const NodeRef& parameter : parameters)
    found.insert(parameter.get());
  for (const Node* node : order)
    if (std::ranges::any_of(node->inputs(),
                            [&](const NodeRef& input) { return found.contains(input.get()); }))
      found.insert(node);
  return found;
}

Arrays zeros_like(const Arrays& arrays) {
  Arrays result;
  for (const Array& array : arrays)
    result.push_back(zeros(array.shape(), array.dtype()));
  return result;
}

}  // namespace ashlar
