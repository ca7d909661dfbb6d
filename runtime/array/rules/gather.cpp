// SPDX-License-Identifier: Apache-2.0
// Gathers and scatters. Gathers let negative indices count from the end, scatters drop them; both
// ignore indices outside the axis.
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

int axis_of(const Attributes& attributes) {
  return static_cast<int>(attributes.integer("axis"));
}

// A signed type with room to compute.
DType wide_dtype(DType dtype) {
  return size_of(dtype) < 4 || dtype == DType::i32 ? DType::i32 : DType::i64;
}

// Indices of an axis, negative ones counted from its start.
Array from_start(const Array& indices, std::int64_t extent) {
  const Array wide = convert(indices, wide_dtype(indices.dtype()));
  return is_signed(indices.dtype()) ? where(wide < 0, wide + extent, wide) : wide;
}

// take's indices for scatters along its axis: [1, .., n, .., 1].
Array take_indices(const Application& op) {
  const int axis = axis_of(op.attributes());
  Dims dims(static_cast<std::size_t>(op.input().rank()), 1);
  dims[static_cast<std::size_t>(axis)] = op.input(1).size();
  return reshape(from_start(op.input(1), op.input().dim(axis)), Shape(std::move(dims)));
}

Array take_back(const Application& op, const Array& cotangent) {
  const int axis = axis_of(op.attributes());
  Dims dims = op.input().shape().dims();
  dims[static_cast<std::size_t>(axis)] = op.input(1).size();
  return table::scatter_add(zeros(op.input().shape(), cotangent.dtype()), take_indices(op),
                            reshape(cotangent, Shape(std::move(dims))), axis);
}

Array take_along_back(const Application& op, const Array& cotangent) {
  const int axis = axis_of(op.attributes());
  return table::scatter_add(zeros(op.input().shape(), cotangent.dtype()),
                            from_start(op.input(1), op.input().dim(axis)), cotangent, axis);
}

// Where a scatter's updates went: indices of the updates' shape.
Array full_indices(const Application& op) {
  return broadcast(op.input(1), op.input(2).shape());
}

Array updates_back(const Application& op, const Array& cotangent, const Array& kept) {
  const Array indices = full_indices(op);
  const Array read = table::take_along_axis(cotangent, indices, axis_of(op.attributes()));
  return where(kept, read, zeros(read.shape(), read.dtype()));
}

Derivatives scatter_add_back(const Application& op, const Array& cotangent) {
  return {cotangent, std::nullopt, updates_back(op, cotangent, full_indices(op) >= 0)};
}

// Of updates that met, only the one that won gets a cotangent.
Derivatives scatter_back(const Application& op, const Array& cotangent) {
  const int axis = axis_of(op.attributes());
  const Array indices = full_indices(op), &target = op.input(0), &updates = op.input(2);
  const Array own = table::iota(updates.shape().dims(), DType::i32, axis);
  const Array winners = table::scatter(full(target.shape(), -1, DType::i32), indices, own, axis);
  const Array won = (table::take_along_axis(winners, indices, axis) == own) & (indices >= 0);
  const Array covered =
      table::scatter(cotangent, op.input(1), zeros(updates.shape(), cotangent.dtype()), axis);
  return {covered, std::nullopt, updates_back(op, cotangent, won)};
}

// Each batch row takes from its own part of the axis, laid end to end.
Array take_of_each(const Batched& op) {
  const int axis = axis_of(op.attributes());
  const Array rows = moveaxis(op.inputs[0], axis + 1, 1);  // [B, N, ...]
  const std::int64_t extent = rows.dim(1);
  const Array index = from_start(op.inputs[1], extent);
  Dims dims(static_cast<std::size_t>(index.rank()), 1);
  dims[0] = op.size;
  const Array offset = reshape(table::iota({op.size}, index.dtype(), 0) * extent, Shape(dims));
  // Outside of its own part, outside of everything.
  const Array inside = (index >= 0) & (index < extent);
  const Array all = where(inside, index + offset, op.size * extent);
  Array taken = table::take(flatten(rows, 0, 1), all, 0);  // [B, indices..., ...]
  for (int i = 1; i < index.rank(); ++i)                   // the index axes go to the axis
    taken = moveaxis(taken, 1, axis + index.rank() - 1);
  return taken;
}

Array batch_take(const Batched& op) {
  const int axis = axis_of(op.attributes());
  if (!op.batched[1])
    return table::take(op.inputs[0], op.inputs[1], axis + 1);
  if (!op.batched[0])
    return moveaxis(table::take(op.inputs[0], op.inputs[1], axis), axis, 0);
  return take_of_each(op);
}

}  // namespace

Derivatives vjp_gather(const Application& op, const Array& cotangent) {
  switch (op.kind()) {
  case OpKind::take:
    return {take_back(op, cotangent), std::nullopt};
  case OpKind::take_along_axis:
    return {take_along_back(op, cotangent), std::nullopt};
  case OpKind::scatter:
    return scatter_back(op, cotangent);
  case OpKind::scatter_add:
    return scatter_add_back(op, cotangent);
  default:
    throw Unsupported("grad", "no derivative rule for {}", op_info(op.kind()).name);
  }
}

Array batch_gather(const Batched& op) {
  return op.node.is(OpKind::take) ? batch_take(op) : op.with_axis_behind_batch();
}

}  // namespace ashlar
