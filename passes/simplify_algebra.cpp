// SPDX-License-Identifier: Apache-2.0
#include "passes/simplify_patterns.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"

#include "mlir/IR/PatternMatch.h"

#include <cmath>

using namespace mlir;

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

Type element_type(Value value) {
  return getElementTypeOrSelf(value.getType());
}

Value full_like(OpBuilder& builder, Location location, Type type, double value) {
  auto tensor = cast<RankedTensorType>(type);
  return ir::FullOp::create(builder, location, tensor,
                            builder.getDenseI64ArrayAttr(tensor.getShape()),
                            TypeAttr::get(tensor.getElementType()), builder.getF64FloatAttr(value));
}

// Whether every value of `full` is exactly `value`.
bool is_full(Value operand, double value) {
  auto full = operand.getDefiningOp<ir::FullOp>();
  return full && full.getValue().convertToDouble() == value &&
         std::signbit(full.getValue().convertToDouble()) == std::signbit(value);
}

// Whether `type` holds the number without rounding, wrapping or saturation.
bool holds(Type type, double value) {
  if (auto floating = dyn_cast<FloatType>(type)) {
    APFloat rounded(value);
    bool loses = false;
    rounded.convert(floating.getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
    return !loses;
  }
  auto integer = cast<IntegerType>(type);
  if (value != std::floor(value))
    return false;
  if (integer.getWidth() == 1)
    return value == 0 || value == 1;
  // Integers beyond 2^53 are not exact in a double.
  const unsigned bits = std::min(integer.getWidth() - (integer.isUnsigned() ? 0 : 1), 53u);
  return value < std::ldexp(1.0, static_cast<int>(bits)) &&
         value >= (integer.isUnsigned() ? 0.0 : -std::ldexp(1.0, static_cast<int>(bits)));
}

// A constant with one value everywhere is a full.
LogicalResult splat_to_full(ir::ConstantOp op, PatternRewriter& rewriter) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense || !dense.isSplat() || dense.getNumElements() == 0)
    return failure();
  double value = 0;
  if (isa<FloatType>(dense.getElementType())) {
    value = dense.getSplatValue<APFloat>().convertToDouble();
    if (std::isnan(value))
      return failure();
  } else {
    const APInt bits = dense.getSplatValue<APInt>();
    const bool is_unsigned = bits.getBitWidth() == 1 || dense.getElementType().isUnsignedInteger();
    value = is_unsigned ? static_cast<double>(bits.getZExtValue())
                        : static_cast<double>(bits.getSExtValue());
  }
  if (!holds(dense.getElementType(), value))
    return failure();
  rewriter.replaceOp(op, full_like(rewriter, op.getLoc(), op.getType(), value));
  return success();
}

LogicalResult cast_full(ir::CastOp op, PatternRewriter& rewriter) {
  auto full = op.getInput().getDefiningOp<ir::FullOp>();
  if (!full)
    return failure();
  const double value = full.getValue().convertToDouble();
  // Both types must hold the value: then neither conversion rounds.
  if (!std::isfinite(value) || !holds(full.getDtype(), value) || !holds(op.getDtype(), value))
    return failure();
  rewriter.replaceOp(op, full_like(rewriter, op.getLoc(), op.getType(), value));
  return success();
}

// cast(cast(x)) = cast(x) when the inner one loses nothing. Integers that do not fit wrap, but
// floats do not: a float between integers may go only where all of them fit.
LogicalResult merge_casts(ir::CastOp op, PatternRewriter& rewriter) {
  auto inner = op.getInput().getDefiningOp<ir::CastOp>();
  if (!inner || !preserves_values(element_type(inner.getInput()), element_type(inner.getResult())))
    return failure();
  const bool by_float = isa<FloatType>(element_type(inner.getResult())) &&
                        !isa<FloatType>(element_type(inner.getInput())) &&
                        !isa<FloatType>(element_type(op.getResult()));
  if (by_float && !preserves_values(element_type(inner.getInput()), element_type(op.getResult())))
    return failure();
  if (inner.getInput().getType() == op.getType())
    rewriter.replaceOp(op, inner.getInput());
  else
    rewriter.replaceOpWithNewOp<ir::CastOp>(op, op.getType(), inner.getInput(), op.getDtypeAttr());
  return success();
}

LogicalResult multiply_by_one(ir::MulOp op, PatternRewriter& rewriter) {
  for (bool left : {true, false})
    if (is_full(left ? op.getLhs() : op.getRhs(), 1.0)) {
      rewriter.replaceOp(op, left ? op.getRhs() : op.getLhs());
      return success();
    }
  return failure();
}

LogicalResult divide_by_one(ir::DivOp op, PatternRewriter& rewriter) {
  if (!is_full(op.getRhs(), 1.0))
    return failure();
  rewriter.replaceOp(op, op.getLhs());
  return success();
}

LogicalResult subtract_zero(ir::SubOp op, PatternRewriter& rewriter) {
  if (!is_full(op.getRhs(), 0.0))
    return failure();
  rewriter.replaceOp(op, op.getLhs());
  return success();
}

// Only for integers: -0.0 + 0.0 is 0.0.
LogicalResult add_zero(ir::AddOp op, PatternRewriter& rewriter) {
  if (isa<FloatType>(element_type(op.getResult())))
    return failure();
  for (bool left : {true, false})
    if (is_full(left ? op.getLhs() : op.getRhs(), 0.0)) {
      rewriter.replaceOp(op, left ? op.getRhs() : op.getLhs());
      return success();
    }
  return failure();
}

LogicalResult double_negation(ir::NegOp op, PatternRewriter& rewriter) {
  auto inner = op.getInput().getDefiningOp<ir::NegOp>();
  if (!inner)
    return failure();
  rewriter.replaceOp(op, inner.getInput());
  return success();
}

LogicalResult constant_select(ir::SelectOp op, PatternRewriter& rewriter) {
  if (op.getOnTrue() == op.getOnFalse() || is_full(op.getCondition(), 1.0)) {
    rewriter.replaceOp(op, op.getOnTrue());
    return success();
  }
  if (!is_full(op.getCondition(), 0.0))
    return failure();
  rewriter.replaceOp(op, op.getOnFalse());
  return success();
}

// matmul(x, transpose(w)) swaps transpose_rhs.
LogicalResult transposed_rhs(ir::MatmulOp op, PatternRewriter& rewriter) {
  auto transpose = op.getRhs().getDefiningOp<ir::TransposeOp>();
  if (!transpose)
    return failure();
  SmallVector<std::int64_t> swapped(transpose.getPermutation());
  std::swap(swapped[swapped.size() - 1], swapped[swapped.size() - 2]);
  for (auto [i, axis] : llvm::enumerate(swapped))
    if (axis != static_cast<std::int64_t>(i))
      return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.getRhsMutable().assign(transpose.getInput());
    op.setTransposeRhs(!op.getTransposeRhs());
  });
  return success();
}

SmallVector<std::int64_t> reduced_axes(Operation* op) {
  if (auto axes = op->getAttrOfType<DenseI64ArrayAttr>("axes"))
    return SmallVector<std::int64_t>(axes.asArrayRef());
  return {op->getAttrOfType<IntegerAttr>("axis").getInt()};
}

// reduce(x) over other than the last axes = reduce(transpose(x)) over the last ones.
struct TrailingReduction : RewritePattern {
  explicit TrailingReduction(MLIRContext* context)
      : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation* op, PatternRewriter& rewriter) const override {
    if (!kernel::is_reduction(op) || kernel::row_shape_of(op))
      return failure();
    const SmallVector<std::int64_t> axes = reduced_axes(op);
    const std::int64_t rank = cast<RankedTensorType>(op->getOperand(0).getType()).getRank();
    Dims permutation, trailing;
    for (std::int64_t axis = 0; axis < rank; ++axis)
      if (!llvm::is_contained(axes, axis))
        permutation.push_back(axis);
    for (std::int64_t axis = 0; axis < rank; ++axis)
      if (llvm::is_contained(axes, axis)) {
        trailing.push_back(static_cast<std::int64_t>(permutation.size()));
        permutation.push_back(axis);
      }
    Value moved = ir::create_op(rewriter, op->getLoc(), OpKind::transpose, op->getOperand(0),
                                {{"permutation", permutation}});
    Attributes attributes{{"keepdims", false}};
    if (op->hasAttr("axes"))
      attributes.set("axes", trailing);
    else
      attributes.set("axis", trailing.front());
    Value reduced =
        ir::create_op(rewriter, op->getLoc(), ir::find_op_info(op)->kind, moved, attributes);
    Dims shape = cast<RankedTensorType>(op->getResult(0).getType()).getShape().vec();
    if (reduced.getType() != op->getResult(0).getType())
      reduced = ir::create_op(rewriter, op->getLoc(), OpKind::reshape, reduced, {{"shape", shape}});
    rewriter.replaceOp(op, reduced);
    return success();
  }
};

// The largest, smallest, product, any or all of one element is that element. Not the sum: 0 + -0 is
// 0.
template <typename Op> LogicalResult reduce_one(Op op, PatternRewriter& rewriter) {
  if (element_count(op.getInput()) != element_count(op.getResult()) ||
      element_count(op.getInput()) == kDynamic)
    return failure();
  rewriter.replaceOp(op, ir::create_op(rewriter, op.getLoc(), OpKind::reshape, op.getInput(),
                                       {{"shape", op.getType().getShape().vec()}}));
  return success();
}

// The sum of one element is 0 + x, which differs from x for -0.
LogicalResult sum_one(ir::ReduceSumOp op, PatternRewriter& rewriter) {
  if (element_count(op.getInput()) != element_count(op.getResult()) ||
      element_count(op.getInput()) == kDynamic)
    return failure();
  Value element = ir::create_op(rewriter, op.getLoc(), OpKind::reshape, op.getInput(),
                                {{"shape", op.getType().getShape().vec()}});
  Value zero = full_like(rewriter, op.getLoc(), op.getType(), 0);
  rewriter.replaceOp(op, ir::create_op(rewriter, op.getLoc(), OpKind::add, {zero, element}));
  return success();
}

}  // namespace

void add_algebra_patterns(RewritePatternSet& patterns) {
  patterns.add(splat_to_full);
  patterns.add(cast_full);
  patterns.add(merge_casts);
  patterns.add(multiply_by_one);
  patterns.add(divide_by_one);
  patterns.add(subtract_zero);
  patterns.add(add_zero);
  patterns.add(double_negation);
  patterns.add(constant_select);
  patterns.add(transposed_rhs);
  patterns.add<TrailingReduction>(patterns.getContext());
  patterns.add(sum_one);
  patterns.add(reduce_one<ir::ReduceMaxOp>);
  patterns.add(reduce_one<ir::ReduceMinOp>);
  patterns.add(reduce_one<ir::ReduceProdOp>);
  patterns.add(reduce_one<ir::ReduceAnyOp>);
  patterns.add(reduce_one<ir::ReduceAllOp>);
}

}  // namespace ashlar
