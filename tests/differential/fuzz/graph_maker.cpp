// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "tests/differential/fuzz/fuzz_graph.h"
#include "tests/differential/fuzz/graph_steps.h"

#include <ranges>
#include <set>

namespace ashlar::testing {
namespace {

constexpr std::size_t kLastOutputs = 3;

constexpr GraphStep kSteps[] = {
    elementwise_step, elementwise_step, elementwise_step, elementwise_step, elementwise_step,
    elementwise_step, movement_step,    movement_step,    movement_step,    movement_step,
    reduction_step,   reduction_step,   reduction_step,   contraction_step, contraction_step,
    gather_step,      gather_step,      line_step,        line_step,        scale_step,
    norm_step,        source_step,      philox_step,      dequantize_step,  attention_step,
    expert_step};

constexpr GraphStep kElementwiseSteps[] = {elementwise_step, elementwise_step, elementwise_step,
                                           movement_step,    movement_step,    source_step};

GraphStep any_step(ArrayPool& pool, FuzzOps ops) {
  return ops == FuzzOps::all ? pool.choose(kSteps) : pool.choose(kElementwiseSteps);
}

// The last values, and those that nothing reads: no operation is in vain.
Arrays outputs_of(const Arrays& values) {
  Arrays outputs;
  std::set<const Node*> read;
  for (const Array& value : std::views::reverse(values)) {
    if (outputs.size() >= kLastOutputs && read.contains(value.node().get()))
      continue;
    outputs.push_back(value);
    for (const Node* node : topological_order(Arrays{value}))
      read.insert(node);
  }
  return outputs;
}

// New contents of a state: rows or a slice replaced, or all of it computed.
Array updated(ArrayPool& pool, Array contents) {
  if (contents.rank() == 0 || pool.chance(3))
    return pool.fitted(contents.dtype(), contents.shape());
  const std::int64_t count = 1 + pool.roll(contents.dim(0));
  const Array at = pool.fitted(DType::i32, {count}) % (contents.dim(0) + 1);
  return scatter(contents, at, updates_of(pool, contents, count, 0), 0);
}

}  // namespace

FuzzGraph make_fuzz_graph(std::uint32_t seed, int operations, FuzzOps ops) {
  ArrayPool pool(seed);
  const std::size_t first = pool.values().size();
  while (pool.values().size() < first + static_cast<std::size_t>(operations))
    if (const auto next = any_step(pool, ops)(pool))
      pool.add(pool.chance(4) ? moved(pool, *next) : *next);  // often all that reads it
  FuzzGraph graph;
  graph.outputs =
      outputs_of({pool.values().begin() + static_cast<std::ptrdiff_t>(first), pool.values().end()});
  if (ops == FuzzOps::all)  // every other one works on states
    for (std::size_t leaf = 0; leaf < pool.leaves().size() && pool.chance(2); ++leaf)
      if (pool.leaves()[leaf].size() > 0)  // states are not empty
        graph.updates.push_back({leaf, updated(pool, pool.leaves()[leaf])});
  graph.leaves = pool.leaves();
  return graph;
}

}  // namespace ashlar::testing
