// SPDX-License-Identifier: Apache-2.0
#include "tests/differential/fuzz/sized_graph.h"

#include "runtime/array/ops.h"
#include "runtime/array/rearranging.h"
#include "runtime/array/sorting.h"
#include "runtime/array/transforms.h"
#include "tests/differential/fuzz/array_pool.h"
#include "tests/support/reference_eval.h"

namespace ashlar::testing {
namespace {

Array numbers_of(const Array& x) {
  return x.dtype() == DType::boolean ? astype(x, DType::u8) : x;
}

Array surrounded(const Array& x) {
  std::vector<std::int64_t> low(static_cast<std::size_t>(x.rank())), high = low;
  low[0] = 2;
  high[0] = 1;
  return pad(x, low, high, 1);
}

// Along axis 0, in one of several ways.
Array crossed(const Array& x, std::size_t way) {
  constexpr std::size_t kOfRoughValues = 4;
  switch (way % (is_rough(x) ? kOfRoughValues : 10)) {
  case 0:
    return x;
  case 1:
    return flip(x, 0);
  case 2:
    return x(Slice(1, std::nullopt));
  case 3:
    return surrounded(x);
  case 4:
    return sum(tame(numbers_of(x)), 0);
  case 5:
    return cumsum(tame(numbers_of(x)), 0);
  case 6:
    return max(numbers_of(x), 0);
  case 7:
    return sort(numbers_of(x), 0);
  case 8:
    return argmin(numbers_of(x), 0);
  default:
    return take(x, array({1, 0, -1}), 0);
  }
}

}  // namespace

Arrays batches_of(const Arrays& leaves, std::int64_t size) {
  Arrays batches;
  for (const Array& leaf : leaves) {
    Arrays rows;
    for (std::int64_t row = 0; row < size; ++row)
      rows.push_back(leaf.rank() > 0 ? roll(leaf, row) : leaf);
    const reference::Tensor batch = reference_values({stack(rows)})[0];
    batches.push_back(array_from_bytes(batch.to_bytes(), leaf.dtype(), batch.type.shape));
  }
  return batches;
}

Arrays batched_roots(const FuzzGraph& graph, const Arrays& batches) {
  const auto row = [&](const Arrays& leaves) { return graph.over(leaves).roots(); };
  Arrays roots = vmap(row)(batches);
  for (std::size_t i = 0; i < roots.size(); ++i)
    roots[i] = crossed(roots[i], i);
  return roots;
}

}  // namespace ashlar::testing
