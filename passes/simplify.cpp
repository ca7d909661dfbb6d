// SPDX-License-Identifier: Apache-2.0
// ashlar-simplify: brings array graphs into a small normal form, bit for bit.
//
//   %t = ashlar.transpose %w {permutation = [1, 0]}
//   %y = ashlar.matmul %x, %t {transpose_rhs = false}   =>   ashlar.matmul %x, %w {transpose_rhs =
//   true}
//
//   %s = ashlar.reduce_sum %x {axes = [0]}              =>   %t = ashlar.transpose %x
//                                                            %s = ashlar.reduce_sum %t {axes = [1]}
//
// Afterwards reductions are over the last axes, splat constants are ashlar.full, and chains of
// index maps and of exact casts are as short as they get.
#include "passes/passes.h"
#include "passes/simplify_patterns.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_SIMPLIFY
#include "passes/passes.h.inc"

namespace {

struct SimplifyPass : impl::SimplifyBase<SimplifyPass> {
  using SimplifyBase::SimplifyBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    add_movement_patterns(patterns);
    add_algebra_patterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

}  // namespace
}  // namespace ashlar
