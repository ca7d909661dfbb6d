// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/products.h"

#include "runtime/array/contraction.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <numeric>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

// The axes of `x` that are not in `axes`.
Ints others(const Array& x, const Ints& axes) {
  Ints rest;
  for (int i = 0; i < x.rank(); ++i)
    if (std::ranges::find(axes, i) == axes.end())
      rest.push_back(i);
  return rest;
}

Dims extents(const Array& x, const Ints& axes) {
  Dims dims;
  for (int axis : axes)
    dims.push_back(x.dim(axis));
  return dims;
}

Ints joined(Ints a, const Ints& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Ints normalized(const Ints& axes, const Array& x) {
  Ints result;
  for (int axis : axes)
    result.push_back(normalize_axis(axis, x.rank()));
  return result;
}

}  // namespace

Array addmm(const Operand& c, const Operand& a, const Operand& b, double alpha, double beta) {
  const WrittenAt at(c.where());
  const Array product = matmul(a, b);
  return (alpha == 1 ? product : product * alpha) + (beta == 1 ? c.array() : c.array() * beta);
}

Array outer(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  return expand_dims(flatten(lhs), 1) * expand_dims(flatten(rhs), 0);
}

Array inner(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  if (lhs.array().rank() == 0 || rhs.array().rank() == 0)
    return lhs.array() * rhs.array();
  return tensordot(lhs, rhs, {{-1}, {-1}});
}

Array vecdot(const Operand& lhs, const Operand& rhs, int axis) {
  const WrittenAt at(lhs.where());
  return sum(lhs * rhs, axis);
}

Array tensordot(const Operand& lhs, const Operand& rhs, int axes) {
  const WrittenAt at(lhs.where());
  if (axes < 0 || axes > lhs.array().rank() || axes > rhs.array().rank())
    throw InvalidArgument("tensordot", "{} axes of {} and {}", axes,
                          lhs.array().shape().to_string(), rhs.array().shape().to_string());
  Ints left(static_cast<std::size_t>(axes)), right = left;
  std::iota(left.begin(), left.end(), lhs.array().rank() - axes);
  std::iota(right.begin(), right.end(), 0);
  return tensordot(lhs, rhs, {left, right});
}

Array tensordot(const Operand& lhs, const Operand& rhs, const std::pair<Ints, Ints>& axes) {
  const WrittenAt at(lhs.where());
  const Array x = lhs.array(), y = rhs.array();
  const Ints left = normalized(axes.first, x), right = normalized(axes.second, y);
  if (extents(x, left) != extents(y, right))
    throw InvalidArgument("tensordot", "the axes of {} and {} do not agree", x.shape().to_string(),
                          y.shape().to_string());
  const Ints left_free = others(x, left), right_free = others(y, right);
  const std::int64_t inside = Shape(extents(x, left)).element_count();
  const Array a = reshape(transpose(x, joined(left_free, left)),
                          {Shape(extents(x, left_free)).element_count(), inside});
  const Array b = reshape(transpose(y, joined(right, right_free)),
                          {inside, Shape(extents(y, right_free)).element_count()});
  Dims dims = extents(x, left_free);
  const Dims rest = extents(y, right_free);
  dims.insert(dims.end(), rest.begin(), rest.end());
  return reshape(matmul(a, b), Shape(dims));
}

Array kron(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  Array x = lhs.array(), y = rhs.array();
  const int rank = std::max(x.rank(), y.rank());
  Dims left(static_cast<std::size_t>(rank - x.rank()), 1),
      right(static_cast<std::size_t>(rank - y.rank()), 1), outer_dims, inner_dims, result;
  left.insert(left.end(), x.shape().dims().begin(), x.shape().dims().end());
  right.insert(right.end(), y.shape().dims().begin(), y.shape().dims().end());
  for (std::size_t i = 0; i < left.size(); ++i) {
    outer_dims.insert(outer_dims.end(), {left[i], 1});
    inner_dims.insert(inner_dims.end(), {1, right[i]});
    result.push_back(left[i] * right[i]);
  }
  return reshape(reshape(x, Shape(outer_dims)) * reshape(y, Shape(inner_dims)), Shape(result));
}

}  // namespace ashlar
