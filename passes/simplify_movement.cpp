// SPDX-License-Identifier: Apache-2.0
#include "passes/simplify_patterns.h"

#include "ir/ashlar_dialect.h"
#include "passes/op_classes.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

Dims shape_of(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape().vec();
}

Value reshaped(OpBuilder& builder, Location location, Value value, Dims shape) {
  if (shape_of(value) == shape)
    return value;
  return ir::create_op(builder, location, OpKind::reshape, value, {{"shape", std::move(shape)}});
}

// reshape(reshape(x)) = reshape(x)
LogicalResult merge_reshapes(ir::ReshapeOp op, PatternRewriter& rewriter) {
  auto inner = op.getInput().getDefiningOp<ir::ReshapeOp>();
  if (!inner)
    return failure();
  rewriter.replaceOp(op, reshaped(rewriter, op.getLoc(), inner.getInput(), shape_of(op)));
  return success();
}

// transpose(transpose(x)) = transpose(x)
LogicalResult merge_transposes(ir::TransposeOp op, PatternRewriter& rewriter) {
  auto inner = op.getInput().getDefiningOp<ir::TransposeOp>();
  if (!inner)
    return failure();
  Dims permutation;
  for (std::int64_t axis : op.getPermutation())
    permutation.push_back(inner.getPermutation()[static_cast<std::size_t>(axis)]);
  rewriter.replaceOp(op, ir::create_op(rewriter, op.getLoc(), OpKind::transpose, inner.getInput(),
                                       {{"permutation", permutation}}));
  return success();
}

// A transpose that only moves axes of extent 1 is a reshape.
LogicalResult transpose_to_reshape(ir::TransposeOp op, PatternRewriter& rewriter) {
  const Dims shape = shape_of(op.getInput());
  std::int64_t last = -1;
  for (std::int64_t axis : op.getPermutation()) {
    if (shape[static_cast<std::size_t>(axis)] == 1)
      continue;
    if (axis < last)
      return failure();
    last = axis;
  }
  if (llvm::any_of(shape, ShapedType::isDynamic))
    return failure();
  rewriter.replaceOp(op, reshaped(rewriter, op.getLoc(), op.getInput(), shape_of(op)));
  return success();
}

// broadcast(broadcast(x)) = broadcast(x)
LogicalResult merge_broadcasts(ir::BroadcastOp op, PatternRewriter& rewriter) {
  auto inner = op.getInput().getDefiningOp<ir::BroadcastOp>();
  if (!inner)
    return failure();
  rewriter.replaceOp(op, ir::create_op(rewriter, op.getLoc(), OpKind::broadcast, inner.getInput(),
                                       {{"shape", shape_of(op)}}));
  return success();
}

// A broadcast that repeats nothing is a reshape.
LogicalResult broadcast_to_reshape(ir::BroadcastOp op, PatternRewriter& rewriter) {
  if (element_count(op.getInput()) != element_count(op.getResult()))
    return failure();
  rewriter.replaceOp(op, reshaped(rewriter, op.getLoc(), op.getInput(), shape_of(op)));
  return success();
}

// slice(slice(x)) = slice(x)
LogicalResult merge_slices(ir::SliceOp op, PatternRewriter& rewriter) {
  auto inner = op.getInput().getDefiningOp<ir::SliceOp>();
  if (!inner)
    return failure();
  Dims starts, steps;
  for (auto [start, step, inner_start, inner_step] :
       llvm::zip_equal(op.getStarts(), op.getSteps(), inner.getStarts(), inner.getSteps())) {
    starts.push_back(inner_start + start * inner_step);
    steps.push_back(step * inner_step);
  }
  rewriter.replaceOp(
      op, ir::create_op(rewriter, op.getLoc(), OpKind::slice, inner.getInput(),
                        {{"starts", starts}, {"sizes", op.getSizes().vec()}, {"steps", steps}}));
  return success();
}

// A slice of a concat that lies within one operand is a slice of that operand.
LogicalResult slice_of_concat(ir::SliceOp op, PatternRewriter& rewriter) {
  auto concat = op.getInput().getDefiningOp<ir::ConcatOp>();
  if (!concat)
    return failure();
  const auto axis = static_cast<std::size_t>(concat.getAxis());
  const std::int64_t size = op.getSizes()[axis];
  if (size == 0)
    return failure();
  const std::int64_t first = op.getStarts()[axis];
  const std::int64_t last = first + (size - 1) * op.getSteps()[axis];
  std::int64_t begin = 0;
  for (Value part : concat.getInputs()) {
    const std::int64_t end = begin + shape_of(part)[axis];
    if (std::min(first, last) >= begin && std::max(first, last) < end) {
      Dims starts = op.getStarts().vec();
      starts[axis] -= begin;
      rewriter.replaceOp(op, ir::create_op(rewriter, op.getLoc(), OpKind::slice, part,
                                           {{"starts", starts},
                                            {"sizes", op.getSizes().vec()},
                                            {"steps", op.getSteps().vec()}}));
      return success();
    }
    begin = end;
  }
  return failure();
}

LogicalResult single_concat(ir::ConcatOp op, PatternRewriter& rewriter) {
  if (op.getInputs().size() != 1)
    return failure();
  rewriter.replaceOp(op, op.getInputs().front());
  return success();
}

LogicalResult empty_pad(ir::PadOp op, PatternRewriter& rewriter) {
  if (op.getInput().getType() != op.getType())
    return failure();
  rewriter.replaceOp(op, op.getInput());
  return success();
}

// Moving one repeated value gives the same value in another shape.
template <typename Op> LogicalResult move_full(Op op, PatternRewriter& rewriter) {
  auto full = op.getInput().template getDefiningOp<ir::FullOp>();
  if (!full)
    return failure();
  rewriter.replaceOpWithNewOp<ir::FullOp>(op, op.getType(),
                                          rewriter.getDenseI64ArrayAttr(shape_of(op.getResult())),
                                          full.getDtypeAttr(), full.getValueAttr());
  return success();
}

// f(broadcast(x), full) = broadcast(f(x, full)): arithmetic before repetition.
struct SinkBroadcast : RewritePattern {
  explicit SinkBroadcast(MLIRContext* context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation* op, PatternRewriter& rewriter) const override {
    if (!is_elementwise(op))
      return failure();
    std::optional<Dims> shape;
    for (Value operand : op->getOperands()) {
      auto broadcast = operand.getDefiningOp<ir::BroadcastOp>();
      if (!broadcast && !operand.getDefiningOp<ir::FullOp>())
        return failure();
      if (!broadcast)
        continue;
      if (shape && *shape != shape_of(broadcast.getInput()))
        return failure();
      shape = shape_of(broadcast.getInput());
    }
    if (!shape)
      return failure();
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(before_broadcast(operand, *shape, rewriter));
    Value small = ir::create_op(rewriter, op->getLoc(), ir::find_op_info(op)->kind, operands,
                                ir::attributes_of(op));
    rewriter.replaceOp(op, ir::create_op(rewriter, op->getLoc(), OpKind::broadcast, small,
                                         {{"shape", shape_of(op->getResult(0))}}));
    return success();
  }

  static Value before_broadcast(Value value, const Dims& shape, PatternRewriter& rewriter) {
    if (auto broadcast = value.getDefiningOp<ir::BroadcastOp>())
      return broadcast.getInput();
    auto full = value.getDefiningOp<ir::FullOp>();
    return ir::FullOp::create(
        rewriter, full.getLoc(), RankedTensorType::get(shape, full.getDtype()),
        rewriter.getDenseI64ArrayAttr(shape), full.getDtypeAttr(), full.getValueAttr());
  }
};

}  // namespace

void add_movement_patterns(RewritePatternSet& patterns) {
  patterns.add(merge_reshapes);
  patterns.add(merge_transposes);
  patterns.add(transpose_to_reshape);
  patterns.add(merge_broadcasts);
  patterns.add(broadcast_to_reshape);
  patterns.add(merge_slices);
  patterns.add(slice_of_concat);
  patterns.add(single_concat);
  patterns.add(empty_pad);
  patterns.add(move_full<ir::ReshapeOp>);
  patterns.add(move_full<ir::TransposeOp>);
  patterns.add(move_full<ir::BroadcastOp>);
  patterns.add(move_full<ir::SliceOp>);
  patterns.add<SinkBroadcast>(patterns.getContext());
}

}  // namespace ashlar
