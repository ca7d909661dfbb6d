// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/reductions.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

// The shape of the input with size 1 on the reduced axes.
Shape kept_shape(const Application& op) {
  Dims dims = op.input().shape().dims();
  for (std::int64_t axis : op.attributes().integers("axes"))
    dims[static_cast<std::size_t>(axis)] = 1;
  return Shape(std::move(dims));
}

// A result or its cotangent repeated over the elements that it came from.
Array spread(const Application& op, const Array& x) {
  return broadcast(reshape(x, kept_shape(op)), op.input().shape());
}

// Of elements that tie, each gets an equal share.
Array extremum_back(const Application& op, const Array& cotangent) {
  const Array chosen = convert(equal(op.input(), spread(op, op.result())), DType::f32);
  const Array count = table::reduce_sum(chosen, op.attributes().integers("axes"), true);
  const Array share = chosen / broadcast(count, chosen.shape());
  return convert(convert(spread(op, cotangent), DType::f32) * share, cotangent.dtype());
}

// The product along the last axis as a tree: its derivative is right where factors are 0.
Array product_tree(Array x) {
  while (x.dim(-1) > 1) {
    if (x.dim(-1) % 2 == 1) {
      Dims none(static_cast<std::size_t>(x.rank()), 0), one = none;
      one.back() = 1;
      x = table::pad(x, none, one, 1);
    }
    const std::int64_t half = x.dim(-1) / 2;
    x = x(kEllipsis, Slice(0, half)) * x(kEllipsis, Slice(half, kEnd));
  }
  return x;
}

Array product_back(const Application& op, const Array& cotangent) {
  const Dims& axes = op.attributes().integers("axes");
  const auto product = [&](const Arrays& inputs) -> Arrays {
    Array x = convert(inputs[0], DType::f32);
    // The reduced axes go last, in their order, and become one.
    for (std::size_t i = 0; i < axes.size(); ++i)
      x = moveaxis(x, static_cast<int>(axes[i]) - static_cast<int>(i), -1);
    if (axes.empty())
      return {convert(x, cotangent.dtype())};
    const Array joined = flatten(x, -static_cast<int>(axes.size()), -1);
    return {convert(reshape(product_tree(joined), cotangent.shape()), cotangent.dtype())};
  };
  const TracedFunction traced = trace_function(product, {op.input()});
  TracedFunction back = traced;
  back.results = {*pull_back(traced, {cotangent})[0]};
  return back({op.input()})[0];
}

}  // namespace

Derivatives vjp_reduction(const Application& op, const Array& cotangent) {
  switch (op.kind()) {
  case OpKind::reduce_sum:
    return {spread(op, cotangent)};
  case OpKind::reduce_prod:
    return {product_back(op, cotangent)};
  case OpKind::reduce_max:
  case OpKind::reduce_min:
    return {extremum_back(op, cotangent)};
  default:
    throw Unsupported("grad", "no derivative rule for {}", op_info(op.kind()).name);
  }
}

Array batch_reduction(const Batched& op) {
  if (op.attributes().find("axis"))
    return op.with_axis_behind_batch();
  Attributes attributes = op.attributes();
  Dims axes = attributes.integers("axes");
  for (std::int64_t& axis : axes)
    ++axis;
  attributes.set("axes", std::move(axes));
  return apply(op.node.kind(), {op.batched_input(0)}, std::move(attributes));
}

}  // namespace ashlar
