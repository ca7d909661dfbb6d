// SPDX-License-Identifier: Apache-2.0
#include "codegen/math/exponential.h"
#include "codegen/math/numbers.h"
#include "codegen/math/sigmoidal.h"
#include "codegen/math/trigonometric.h"
#include "codegen/passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

using namespace mlir;

namespace ashlar::codegen {

#define GEN_PASS_DEF_EXPANDMATH
#include "codegen/passes.h.inc"

namespace {

bool is_f32(Operation* op) {
  return getElementTypeOrSelf(op->getResult(0).getType()).isF32();
}

template <typename Op, Real (*expansion)(Real)> struct Unary final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter& rewriter) const override {
    if (!is_f32(op))
      return failure();
    NumberBuilder builder(rewriter, op.getLoc(), op.getType());
    rewriter.replaceOp(op, expansion(Real(builder, op.getOperand())).value());
    return success();
  }
};

template <typename Op, Real (*expansion)(Real, Real)> struct Binary final : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter& rewriter) const override {
    if (!is_f32(op))
      return failure();
    NumberBuilder builder(rewriter, op.getLoc(), op.getType());
    Real result = expansion(Real(builder, op.getLhs()), Real(builder, op.getRhs()));
    rewriter.replaceOp(op, result.value());
    return success();
  }
};

Real truncate(Real x) {
  return copy_sign(floor(abs(x)), x);
}

struct ExpandMath final : impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Unary<math::ExpOp, exp>, Unary<math::Exp2Op, exp2>, Unary<math::ExpM1Op, expm1>,
                 Unary<math::LogOp, log>, Unary<math::Log2Op, log2>, Unary<math::Log1pOp, log1p>,
                 Unary<math::SinOp, sin>, Unary<math::CosOp, cos>, Unary<math::TanOp, tan>,
                 Unary<math::TanhOp, tanh>, Unary<math::ErfOp, erf>, Unary<math::TruncOp, truncate>,
                 Binary<math::PowFOp, power>, Binary<math::Atan2Op, atan2>>(&getContext());
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};

}  // namespace
}  // namespace ashlar::codegen
