// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/fuzz/fuzz_graph.h"

#include "runtime/array/creation.h"
#include "tests/differential/cases.h"

#include <algorithm>

namespace ashlar::testing {
namespace {

bool is_inexact(const Node& node) {
  return !node.is_input() && (node.is(OpKind::attention) || ulps_of(node.kind()) > 0);
}

double unit_of(DType dtype) {
  return dtype == DType::bf16 ? 0x1p-7 : dtype == DType::f16 ? 0x1p-10 : 0x1p-23;
}

bool is_literal(const Node& node) {
  return !node.is_input() && node.is(OpKind::constant);
}

}  // namespace

Arrays FuzzGraph::roots() const {
  Arrays result = outputs;
  for (const FuzzUpdate& update : updates)
    result.push_back(update.value);
  return result;
}

FuzzGraph FuzzGraph::over(const Arrays& arrays) const {
  std::vector<NodeRef> from;
  for (const Array& leaf : leaves)
    from.push_back(leaf.node());
  const Arrays to = substitute(roots(), from, arrays);
  FuzzGraph result{
      arrays, {to.begin(), to.begin() + static_cast<std::ptrdiff_t>(outputs.size())}, updates};
  for (std::size_t i = 0; i < updates.size(); ++i)
    result.updates[i].value = to[outputs.size() + i];
  return result;
}

FuzzGraph FuzzGraph::copy() const {
  std::vector<NodeRef> from;
  Arrays to;
  for (const Node* node : topological_order(roots()))
    if (node->inputs().empty()) {
      from.emplace_back(const_cast<Node*>(node));
      to.emplace_back(is_literal(*node) ? Node::constant(node->type(), node->data(), node->origin())
                                        : rebuild(*node, {}));
    }
  const Arrays copied = substitute(roots(), from, to);
  FuzzGraph result{substitute(leaves, from, to), outputs, updates};
  for (std::size_t i = 0; i < copied.size(); ++i)
    (i < outputs.size() ? result.outputs[i] : result.updates[i - outputs.size()].value) = copied[i];
  return result;
}

std::size_t FuzzGraph::operation_count() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      topological_order(roots()), [](const Node* node) { return !is_literal(*node); }));
}

std::string FuzzGraph::text() const {
  GraphEntry entry{"fuzz", {}, {}, {}};
  for (const Array& output : outputs)
    entry.outputs.push_back({std::to_string(entry.outputs.size()), output.node()});
  for (const FuzzUpdate& update : updates)
    entry.updates.push_back({"leaf " + std::to_string(update.leaf), update.value.node()});
  return canonical_text(Graph{{}, {std::move(entry)}});
}

FuzzGraph merge(const std::vector<FuzzGraph>& graphs) {
  FuzzGraph result;
  for (const FuzzGraph& graph : graphs) {
    const std::size_t first = result.leaves.size();
    std::ranges::copy(graph.leaves, std::back_inserter(result.leaves));
    std::ranges::copy(graph.outputs, std::back_inserter(result.outputs));
    for (const FuzzUpdate& update : graph.updates)
      result.updates.push_back({first + update.leaf, update.value});
  }
  return result;
}

double relative_tolerance(const Array& root) {
  std::unordered_map<const Node*, double> units;  // the coarsest rounding of inexact values
  for (const Node* node : topological_order(Arrays{root})) {
    double unit = is_inexact(*node) ? 0x1p-23 : 0;
    for (const NodeRef& input : node->inputs())
      unit = std::max(unit, units.at(input.get()));
    units.emplace(node, unit > 0 && is_float(node->type().dtype)
                            ? std::max(unit, unit_of(node->type().dtype))
                            : unit);
  }
  const double unit = units.at(root.node().get());
  return unit == 0 ? 0 : 4 * unit + 0x1p-17;
}

}  // namespace ashlar::testing
