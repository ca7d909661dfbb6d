// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/ops.h"
#include "runtime/array/promotion.h"
#include "tests/differential/fuzz/fuzz_graph.h"
#include "tests/differential/fuzz/graph_steps.h"

#include <algorithm>

namespace ashlar::testing {
namespace {

constexpr std::size_t kOutputs = 3;

constexpr GraphStep kSteps[] = {
    elementwise_step, elementwise_step, elementwise_step, elementwise_step, elementwise_step,
    elementwise_step, movement_step,    movement_step,    movement_step,    movement_step,
    reduction_step,   reduction_step,   reduction_step,   contraction_step, contraction_step,
    gather_step,      gather_step,      line_step,        line_step,        scale_step,
    norm_step,        source_step,      philox_step,      dequantize_step,  attention_step,
    expert_step};

// New contents of a state: rows or a slice replaced, or all of it computed.
Array updated(ArrayPool& pool, Array contents) {
  if (contents.rank() == 0 || pool.chance(3))
    return pool.fitted(contents.dtype(), contents.shape());
  std::vector<std::int64_t> dims = contents.shape().dims();
  dims[0] = 1 + pool.roll(2);
  const Array rows = pool.fitted(contents.dtype(), Shape(dims));
  const Array at = pool.fitted(DType::i32, {dims[0]}) % (contents.dim(0) + 1);
  return scatter(contents, at, rows, 0);
}

}  // namespace

FuzzGraph make_fuzz_graph(std::uint32_t seed, int operations) {
  ArrayPool pool(seed);
  const std::size_t first = pool.values().size();
  while (pool.values().size() < first + static_cast<std::size_t>(operations))
    if (const auto next = pool.choose(kSteps)(pool))
      pool.add(*next);
  FuzzGraph graph;
  const std::size_t count = std::min(kOutputs, pool.values().size());
  graph.outputs.assign(pool.values().end() - static_cast<std::ptrdiff_t>(count),
                       pool.values().end());
  // Every other graph works on states.
  for (std::size_t leaf = 0; leaf < pool.leaves().size() && pool.chance(2); ++leaf)
    if (pool.leaves()[leaf].size() > 0)  // states are not empty
      graph.updates.push_back({leaf, updated(pool, pool.leaves()[leaf])});
  graph.leaves = pool.leaves();
  return graph;
}

}  // namespace ashlar::testing
