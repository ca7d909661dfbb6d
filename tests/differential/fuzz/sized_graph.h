// SPDX-License-Identifier: Apache-2.0
// A random graph as a function over batches, for closures with a named size.
#pragma once

#include "tests/differential/fuzz/fuzz_graph.h"

namespace ashlar::testing {

// `size` contents of each leaf, the leaf's own elements among them in another order.
Arrays batches_of(const Arrays& leaves, std::int64_t size);

// The graph's roots for each row of the leaves' batches, by vmap; then most of them flipped,
// sorted, reduced, ... along the batch, which is where a program for more rows must keep to those
// it has.
Arrays batched_roots(const FuzzGraph& graph, const Arrays& batches);

}  // namespace ashlar::testing
