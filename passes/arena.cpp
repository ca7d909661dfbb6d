// SPDX-License-Identifier: Apache-2.0
#include "passes/arena.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace ashlar {

std::int64_t aligned(std::int64_t bytes) {
  return (bytes + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

namespace {

struct Placed {
  std::int64_t offset;
  std::int64_t end;
};

// The tightest gap of at least `bytes` between neighbours, which are sorted by offset; else the
// end.
std::int64_t best_gap(const std::vector<Placed>& neighbours, std::int64_t bytes) {
  std::int64_t free_from = 0, best = -1, best_size = std::numeric_limits<std::int64_t>::max();
  for (const Placed& placed : neighbours) {
    const std::int64_t gap = placed.offset - free_from;
    if (gap >= bytes && gap < best_size) {
      best = free_from;
      best_size = gap;
    }
    free_from = std::max(free_from, placed.end);
  }
  return best >= 0 ? best : free_from;
}

}  // namespace

ArenaLayout lay_out_arena(const std::vector<Lifetime>& lifetimes, bool alias) {
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(
      order, [&](std::size_t a, std::size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  ArenaLayout layout;
  layout.offsets.resize(lifetimes.size(), 0);
  std::vector<std::size_t> done;
  for (std::size_t index : order) {
    const Lifetime& life = lifetimes[index];
    std::vector<Placed> neighbours;
    for (std::size_t other : done)
      if (!alias || (lifetimes[other].first <= life.last && life.first <= lifetimes[other].last))
        neighbours.push_back(
            {layout.offsets[other], layout.offsets[other] + aligned(lifetimes[other].bytes)});
    std::ranges::sort(neighbours, {}, &Placed::offset);
    const std::int64_t bytes = aligned(life.bytes);
    layout.offsets[index] = best_gap(neighbours, bytes);
    layout.bytes = std::max(layout.bytes, layout.offsets[index] + bytes);
    done.push_back(index);
  }
  return layout;
}

}  // namespace ashlar
