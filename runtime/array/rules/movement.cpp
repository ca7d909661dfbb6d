// SPDX-License-Identifier: Apache-2.0
// Movement: cotangents move back; what was repeated is added up, what was dropped gets 0.
#include "runtime/array/movement.h"

#include "runtime/array/indexing.h"
#include "runtime/array/reductions.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

Array transpose_back(const Array& cotangent, const Dims& permutation) {
  Dims inverse(permutation.size());
  for (std::size_t i = 0; i < permutation.size(); ++i)
    inverse[static_cast<std::size_t>(permutation[i])] = static_cast<std::int64_t>(i);
  return table::transpose(cotangent, inverse);
}

Array sum_repeated(const Array& cotangent, const Shape& shape) {
  const int added = cotangent.rank() - shape.rank();
  Dims axes;
  for (int i = 0; i < cotangent.rank(); ++i)
    if (i < added || (shape.dim(i - added) == 1 && cotangent.dim(i) != 1))
      axes.push_back(i);
  const Array sums = axes.empty() ? cotangent : table::reduce_sum(cotangent, axes, true);
  return reshape(sums, shape);
}

Array part(const Array& x, const Dims& starts, const Shape& shape) {
  return table::slice(x, starts, shape.dims(), Dims(starts.size(), 1));
}

Derivatives concat_back(const Application& op, const Array& cotangent) {
  Dims starts(static_cast<std::size_t>(cotangent.rank()), 0);
  std::int64_t& start = starts[static_cast<std::size_t>(op.attributes().integer("axis"))];
  Derivatives parts;
  for (const Array& input : op.inputs()) {
    parts.push_back(part(cotangent, starts, input.shape()));
    start += input.dim(static_cast<int>(op.attributes().integer("axis")));
  }
  return parts;
}

Dims behind(std::int64_t first, const Dims& rest) {
  Dims dims = rest;
  dims.insert(dims.begin(), first);
  return dims;
}

}  // namespace

Derivatives vjp_movement(const Application& op, const Array& cotangent) {
  const Shape& shape = op.input().shape();
  switch (op.kind()) {
  case OpKind::reshape:
    return {reshape(cotangent, shape)};
  case OpKind::transpose:
    return {transpose_back(cotangent, op.attributes().integers("permutation"))};
  case OpKind::broadcast:
    return {sum_repeated(cotangent, shape)};
  case OpKind::slice:
    return {place_slice(cotangent, shape, op.attributes().integers("starts"),
                        op.attributes().integers("steps"))};
  case OpKind::pad:
    return {part(cotangent, op.attributes().integers("low"), shape)};
  case OpKind::concat:
    return concat_back(op, cotangent);
  default:
    throw Unsupported("grad", "no derivative rule for {}", op_info(op.kind()).name);
  }
}

Array batch_movement(const Batched& op) {
  const Array x = op.batched_input(0);
  const Attributes& attributes = op.attributes();
  switch (op.node.kind()) {
  case OpKind::reshape:
    return table::reshape(x, behind(op.size, attributes.integers("shape")));
  case OpKind::transpose: {
    Dims permutation{0};
    for (std::int64_t axis : attributes.integers("permutation"))
      permutation.push_back(axis + 1);
    return table::transpose(x, permutation);
  }
  case OpKind::broadcast: {
    const Dims& shape = attributes.integers("shape");
    Dims dims = x.shape().dims();
    dims.insert(dims.begin() + 1, shape.size() + 1 - dims.size(), 1);
    return table::broadcast(reshape(x, Shape(dims)), behind(op.size, shape));
  }
  case OpKind::slice:
    return table::slice(x, behind(0, attributes.integers("starts")),
                        behind(op.size, attributes.integers("sizes")),
                        behind(1, attributes.integers("steps")));
  case OpKind::pad:
    return table::pad(x, behind(0, attributes.integers("low")),
                      behind(0, attributes.integers("high")), attributes.real("value"));
  case OpKind::concat:
    return op.with_axis_behind_batch();
  default:
    throw Unsupported("vmap", "no batching rule for {}", op_info(op.node.kind()).name);
  }
}

}  // namespace ashlar
