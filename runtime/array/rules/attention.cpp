// SPDX-License-Identifier: Apache-2.0
// Attention's derivative is that of the dense computation below, which forms all scores.
#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/array/transforms.h"

namespace ashlar {
namespace {

// Cache row of each key position, [C]: which key a row holds depends on the ring and the length.
// Keys [B, C] in row order, -1 where the row holds none.
Array keys_of_rows(std::int64_t rows, const Array& length, std::int64_t ring) {
  const Array row = expand_dims(arange(rows), 0);  // [1, C]
  if (ring == 0)
    return broadcast(row, {length.dim(0), rows});
  // The latest key below the length that is congruent to the row.
  const Array last = expand_dims(length, 1) - 1;  // [B, 1]
  const Array key = last - remainder(last - row, ring);
  return where(row < ring, key, -1);
}

// Which keys each query row sees, [B, T, C].
Array visible(const Application& op) {
  const Attributes& attributes = op.attributes();
  const std::int64_t tokens = op.input(0).dim(1), rows = op.input(1).dim(0),
                     window = attributes.integer("window");
  const Array length = op.input(4);
  const Array key = expand_dims(keys_of_rows(rows, length, attributes.integer("ring")), 1);
  const Array at = expand_dims(expand_dims(op.input(3), 1) + expand_dims(arange(tokens), 0), 2);
  Array seen = (key >= 0) & (key < reshape(length, {-1, 1, 1}));
  if (attributes.boolean("causal"))
    seen = seen & (key <= at);
  if (window > 0)
    seen = seen & (key > at - window);
  return broadcast(seen, {op.input(0).dim(0), tokens, rows});
}

// query [B, T, H, D] to [B, G, R * T, D], the rows of the R heads of a group together.
Array by_group(const Array& x, std::int64_t groups) {
  const Array split = unflatten(x, 2, {groups, -1});
  return flatten(transpose(split, {0, 2, 3, 1, 4}), 2, 3);
}

// The sinks [B, H] as scores of one more key, [B, G, R, 1, 1].
Array sink_scores(const Array& sinks, const Array& scores) {
  return reshape(convert(sinks, DType::f32), {scores.dim(0), scores.dim(1), scores.dim(2), 1, 1});
}

Array dense_attention(const Application& op, const Array& query, const Array& key,
                      const Array& value, const std::optional<Array>& sinks) {
  const std::int64_t batch = query.dim(0), tokens = query.dim(1), heads = query.dim(2),
                     groups = key.dim(2);
  const double softcap = op.attributes().real("softcap");
  const auto wide = [](const Array& x) { return convert(x, DType::f32); };
  const Array keys = transpose(wide(key), {1, 2, 3, 0});  // [B, G, D, C]
  Array scores = matmul(by_group(wide(query), groups), keys) * op.attributes().real("scale");
  if (softcap > 0)
    scores = tanh(scores / softcap) * softcap;
  const Array by_head = unflatten(scores, 2, {heads / groups, tokens});  // [B, G, R, T, C]
  const Array seen = expand_dims(expand_dims(visible(op), 1), 1);
  const Array masked = where(seen, by_head, -1e30);
  Array largest = max(masked, -1, true);
  if (sinks)
    largest = maximum(largest, sink_scores(*sinks, by_head));
  const Array base = stop_gradient(largest);
  const Array weights = where(seen, exp(masked - base), 0.0);
  Array total = sum(weights, -1, true);
  if (sinks)
    total = total + exp(sink_scores(*sinks, by_head) - base);
  const Array shares = weights / where(total == 0, 1.0, total);
  const Array values = transpose(wide(value), {1, 2, 0, 3});  // [B, G, C, E]
  const Array mixed = matmul(flatten(shares, 2, 3), values);  // [B, G, R * T, E]
  const Array rows = unflatten(mixed, 2, {heads / groups, tokens});
  return convert(reshape(transpose(rows, {0, 3, 1, 2, 4}), {batch, tokens, heads, value.dim(3)}),
                 query.dtype());
}

}  // namespace

Derivatives vjp_attention(const Application& op, const Array& cotangent) {
  const bool has_sinks = op.inputs().size() > 5;
  Arrays inputs{op.input(0), op.input(1), op.input(2)};
  if (has_sinks)
    inputs.push_back(op.input(5));
  const auto dense = [&](const Arrays& x) {
    return dense_attention(op, x[0], x[1], x[2], has_sinks ? std::optional(x[3]) : std::nullopt);
  };
  const Arrays back = vjp(dense, inputs, {cotangent}).second;
  Derivatives derivatives{back[0], back[1], back[2], std::nullopt, std::nullopt};
  if (has_sinks)
    derivatives.push_back(back[3]);
  return derivatives;
}

// The batch becomes part of attention's own batch: axis 0 of query and sinks, axis 1 of the caches.
Array batch_attention(const Batched& op) {
  Arrays operands;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const Array x = op.batched_input(i);
    const bool cache = i == 1 || i == 2;
    operands.push_back(cache ? flatten(moveaxis(x, 0, 1), 1, 2) : flatten(x, 0, 1));
  }
  return unflatten(apply(op.node.kind(), std::move(operands), op.attributes()), 0, {op.size, -1});
}

}  // namespace ashlar
