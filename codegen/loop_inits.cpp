// SPDX-License-Identifier: Apache-2.0
#include "codegen/loop_inits.h"

using namespace mlir;

namespace ashlar::codegen {

// The conversion ends the continue block with one store per result, in order, of the values that
// it passes to the header after the induction variable.
static LogicalResult store_inits(spirv::LoopOp loop) {
  auto enter = dyn_cast<spirv::BranchOp>(loop.getEntryBlock()->getTerminator());
  auto repeat = dyn_cast<spirv::BranchOp>(loop.getContinueBlock()->getTerminator());
  // scf.while stores its results in the header, which always runs.
  bool stores_in_header = !loop.getHeaderBlock()->getOps<spirv::StoreOp>().empty();
  if (!enter || !repeat || repeat.getNumOperands() < 2 || stores_in_header)
    return success();
  OpBuilder builder(loop);
  unsigned next = 1;
  for (auto store : loop.getContinueBlock()->getOps<spirv::StoreOp>()) {
    auto variable = store.getPtr().getDefiningOp<spirv::VariableOp>();
    if (!variable || next == repeat.getNumOperands() || store.getValue() != repeat.getOperand(next))
      continue;
    spirv::StoreOp::create(builder, loop.getLoc(), variable, enter.getOperand(next++));
  }
  if (next != repeat.getNumOperands())
    return loop.emitOpError("has results whose variables cannot be found");
  return success();
}

LogicalResult store_loop_inits(spirv::ModuleOp module) {
  auto walk = module.walk([](spirv::LoopOp loop) {
    return succeeded(store_inits(loop)) ? WalkResult::advance() : WalkResult::interrupt();
  });
  return failure(walk.wasInterrupted());
}

}  // namespace ashlar::codegen
