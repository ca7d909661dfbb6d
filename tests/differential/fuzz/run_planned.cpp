// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/fuzz/run_planned.h"

#include "ir/ashlar_dialect.h"
#include "ir/import.h"
#include "passes/pipeline.h"
#include "runtime/array/trace.h"
#include "runtime/program/error.h"
#include "tests/passes/plan_runner.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <fmt/format.h>

#include <algorithm>

namespace ashlar::testing {
namespace {

reference::Tensor value_of(const Array& leaf) {
  return reference::Tensor::from_bytes(leaf.type(), *leaf.node()->data());
}

std::string name_of_leaf(std::size_t leaf) {
  return fmt::format("leaf{}", leaf);
}

bool is_state(const FuzzGraph& graph, std::size_t leaf) {
  return std::ranges::find(graph.updates, leaf, &FuzzUpdate::leaf) != graph.updates.end();
}

Graph traced(const FuzzGraph& graph) {
  Trace trace("planned");
  Arrays leaves;
  std::vector<State> states;
  for (std::size_t i = 0; i < graph.leaves.size(); ++i) {
    const ArrayType& type = graph.leaves[i].type();
    states.emplace_back(name_of_leaf(i), type.dtype, type.shape);
    leaves.push_back(is_state(graph, i) ? trace.read(states[i])
                                        : trace.input(name_of_leaf(i), type));
  }
  const FuzzGraph placed = graph.over(leaves);
  for (const FuzzUpdate& update : placed.updates)
    trace.update(states[update.leaf], update.value);
  std::vector<NamedArray> outputs;
  for (const Array& output : placed.outputs)
    outputs.push_back({std::to_string(outputs.size()), output});
  Graph result;
  result.entries.push_back(trace.finish(std::move(outputs)));
  add_states(result, trace.states());
  GraphEntry& entry = result.entries[0];
  for (std::size_t i = 0; i < entry.inputs.size(); ++i)
    entry.donated.push_back(i);
  return result;
}

}  // namespace

std::vector<reference::Tensor> run_planned(const FuzzGraph& graph, std::string_view profile) {
  mlir::MLIRContext context;
  mlir::DialectRegistry registry;
  ir::register_dialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  auto module = ir::import_graph(context, traced(graph));
  mlir::PassManager passes(&context);
  build_pipeline(passes, {.profile = *find_profile_fixture(profile)});
  if (mlir::failed(passes.run(*module)))
    throw Unsupported("passes", "failed for {}", profile);
  std::vector<reference::Tensor> inputs;
  reference::States states;
  for (std::size_t i = 0; i < graph.leaves.size(); ++i) {
    if (is_state(graph, i))
      states.emplace(name_of_leaf(i), value_of(graph.leaves[i]));
    else
      inputs.push_back(value_of(graph.leaves[i]));
  }
  std::vector<reference::Tensor> results = run_plan(*module, inputs, states, nullptr);
  for (const FuzzUpdate& update : graph.updates)
    results.push_back(states.at(name_of_leaf(update.leaf)));
  return results;
}

}  // namespace ashlar::testing
