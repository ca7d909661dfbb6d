// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/creation.h"
#include "tests/differential/fuzz/fuzz_check.h"
#include "tests/support/reference_eval.h"

namespace ashlar::testing {
namespace {

FuzzGraph replaced(const FuzzGraph& graph, const Node* node, const Array& by) {
  const NodeRef from(const_cast<Node*>(node));
  const Arrays roots = substitute(graph.roots(), {&from, 1}, {&by, 1});
  FuzzGraph result = graph;
  for (std::size_t i = 0; i < roots.size(); ++i)
    (i < graph.outputs.size() ? result.outputs[i]
                              : result.updates[i - graph.outputs.size()].value) = roots[i];
  return result;
}

// Graphs with one part less: half of the roots, then one root.
std::vector<FuzzGraph> with_fewer_roots(const FuzzGraph& graph) {
  std::vector<FuzzGraph> candidates;
  for (std::size_t part = graph.outputs.size() / 2; part > 0; part /= 2)
    for (std::size_t at = 0; at < graph.outputs.size(); at += part) {
      FuzzGraph fewer = graph;
      const auto begin = fewer.outputs.begin() + static_cast<std::ptrdiff_t>(at);
      fewer.outputs.erase(
          begin, begin + static_cast<std::ptrdiff_t>(std::min(part, graph.outputs.size() - at)));
      candidates.push_back(std::move(fewer));
    }
  for (std::size_t i = 0; i < graph.updates.size(); ++i) {
    FuzzGraph fewer = graph;
    fewer.updates.erase(fewer.updates.begin() + static_cast<std::ptrdiff_t>(i));
    candidates.push_back(std::move(fewer));
  }
  return candidates;
}

Array constant_of(const Node* node) {
  const reference::Tensor value = reference_values({Array(NodeRef(const_cast<Node*>(node)))})[0];
  return array_from_bytes(value.to_bytes(), value.type.dtype, value.type.shape);
}

using Fails = std::function<bool(const FuzzGraph&)>;

bool drop_root(FuzzGraph& graph, const Fails& fails) {
  for (FuzzGraph& candidate : with_fewer_roots(graph))
    if (!candidate.roots().empty() && fails(candidate)) {
      graph = std::move(candidate);
      return true;
    }
  return false;
}

// Values stay what they are, so that what is exact stays exact.
bool cut_node(FuzzGraph& graph, const Fails& fails) {
  for (const Node* node : topological_order(graph.roots())) {
    if (node->is(OpKind::constant))
      continue;
    FuzzGraph candidate = replaced(graph, node, constant_of(node));
    if (fails(candidate)) {
      graph = std::move(candidate);
      return true;
    }
  }
  return false;
}

}  // namespace

FuzzGraph reduce(FuzzGraph graph, const Fails& fails) {
  while (drop_root(graph, fails) || cut_node(graph, fails)) {
  }
  return graph;
}

}  // namespace ashlar::testing
