// SPDX-License-Identifier: Apache-2.0
#include "passes/row_map.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"

using namespace mlir;

namespace ashlar {
namespace {

ArrayRef<std::int64_t> shape_of(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

// The number of leading axes that enumerate `rows` rows.
std::optional<std::size_t> row_axes(ArrayRef<std::int64_t> shape, std::int64_t rows) {
  std::int64_t product = 1;
  for (std::size_t axis = 0;; product *= shape[axis++]) {
    if (product == rows)
      return axis;
    if (axis == shape.size())
      return std::nullopt;
  }
}

// Whether input and result have the same leading axes, those that enumerate the rows.
bool keeps_leading_axes(ArrayRef<std::int64_t> input, ArrayRef<std::int64_t> result,
                        std::int64_t rows) {
  const auto axes = row_axes(input, rows);
  return axes && result.size() >= *axes && input.take_front(*axes) == result.take_front(*axes);
}

bool broadcast_keeps_rows(ir::BroadcastOp op, std::int64_t rows) {
  SmallVector<std::int64_t> input(shape_of(op).size() - shape_of(op.getInput()).size(), 1);
  llvm::append_range(input, shape_of(op.getInput()));
  return rows == 1 || keeps_leading_axes(input, shape_of(op), rows);
}

// Axes of extent 1 may move freely.
bool transpose_keeps_rows(ir::TransposeOp op, std::int64_t rows) {
  const ArrayRef<std::int64_t> input = shape_of(op.getInput());
  const auto axes = row_axes(input, rows);
  if (!axes)
    return false;
  SmallVector<std::int64_t> before, after;
  for (std::size_t axis = 0; axis < *axes; ++axis)
    if (input[axis] != 1)
      before.push_back(static_cast<std::int64_t>(axis));
  for (std::int64_t axis : op.getPermutation())
    if (input[static_cast<std::size_t>(axis)] != 1 && after.size() < before.size())
      after.push_back(axis);
  return before == after;
}

// Equal extents do not tell a slice that runs backwards.
bool slice_keeps_rows(ir::SliceOp op, std::int64_t rows) {
  const ArrayRef<std::int64_t> input = shape_of(op.getInput());
  if (!keeps_leading_axes(input, shape_of(op), rows))
    return false;
  for (std::size_t axis = 0; axis < *row_axes(input, rows); ++axis)
    if (input[axis] != 1 && op.getSteps()[axis] != 1)
      return false;
  return true;
}

bool take_keeps_rows(ir::TakeOp op, unsigned operand, std::int64_t rows) {
  const auto axis = static_cast<std::size_t>(op.getAxis());
  const auto axes = row_axes(shape_of(op->getOperand(operand)), rows);
  if (!axes)
    return false;
  if (operand == 0)
    return *axes <= axis;
  return llvm::all_of(shape_of(op.getInput()).take_front(axis),
                      [](std::int64_t extent) { return extent == 1; });
}

// Whether the result of an inlinable `op` follows the `rows` rows that one operand follows.
bool keeps_rows(Operation* op, unsigned operand, std::int64_t rows) {
  if (is_elementwise(op) || isa<ir::ReshapeOp>(op))
    return true;
  if (auto broadcast = dyn_cast<ir::BroadcastOp>(op))
    return broadcast_keeps_rows(broadcast, rows);
  if (auto transpose = dyn_cast<ir::TransposeOp>(op))
    return transpose_keeps_rows(transpose, rows);
  if (auto slice = dyn_cast<ir::SliceOp>(op))
    return slice_keeps_rows(slice, rows);
  if (auto take = dyn_cast<ir::TakeOp>(op))
    return take_keeps_rows(take, operand, rows);
  if (auto take = dyn_cast<ir::TakeAlongAxisOp>(op)) {
    const auto axes = row_axes(shape_of(op->getResult(0)), rows);
    return axes && *axes <= static_cast<std::size_t>(take.getAxis());
  }
  return keeps_leading_axes(shape_of(op->getOperand(operand)), shape_of(op->getResult(0)), rows);
}

}  // namespace

std::optional<std::int64_t> rows_after(Operation* op, ArrayRef<std::int64_t> operands) {
  std::int64_t rows = 0;
  if (kernel::is_reduction(op)) {
    auto shape = kernel::row_shape_of(op);
    if (!shape)
      return std::nullopt;
    rows = shape->rows;
    return operands[0] == 0 || operands[0] == rows ? std::optional(rows) : std::nullopt;
  }
  for (auto [i, followed] : llvm::enumerate(operands)) {
    if (followed == 0)
      continue;
    if ((rows != 0 && rows != followed) || !keeps_rows(op, static_cast<unsigned>(i), followed))
      return std::nullopt;
    rows = followed;
  }
  return rows;
}

}  // namespace ashlar
