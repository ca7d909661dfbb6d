// SPDX-License-Identifier: Apache-2.0
// ashlar-verify-kernels: checks an entry after kernels were formed.
//
//   %1 = kernel.fused "elementwise"(%0, ...) inplace [0] ...    // updates the buffer of %0
//   %2 = kernel.fused "elementwise"(%0) ...                     // error: reads %0 after its update
//
// Only leaves, kernels, state_writes and the return remain; nothing reads a buffer's old contents
// after an in-place update, and only temporaries and states that take the result are updated.
#include "ir/kernel_region.h"
#include "passes/op_classes.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_VERIFYKERNELS
#include "passes/passes.h.inc"

namespace {

struct VerifyKernelsPass : impl::VerifyKernelsBase<VerifyKernelsPass> {
  using VerifyKernelsBase::VerifyKernelsBase;

  void runOnOperation() override {
    for (Block& block : getOperation().getBody())
      for (Operation& op : block)
        if (failed(check(&op)))
          return signalPassFailure();
    markAllAnalysesPreserved();
  }

private:
  static LogicalResult check(Operation* op) {
    if (auto fused = dyn_cast<kernel::FusedOp>(op))
      return check_kernel(fused);
    const bool allowed =
        is_leaf(op) || isa<ir::StateWriteOp>(op) || op->hasTrait<OpTrait::IsTerminator>();
    return allowed ? success() : op->emitOpError("was left outside of all kernels");
  }

  static LogicalResult check_kernel(kernel::FusedOp fused) {
    if (!kernel::stores_of(kernel::view_of(fused)))
      return fused.emitOpError("an in-place output is not a chain of scatters onto its input");
    for (auto [output, operand] : llvm::enumerate(fused.getInplace()))
      if (operand >= 0 && failed(check_update(fused, output, static_cast<unsigned>(operand))))
        return failure();
    return success();
  }

  static LogicalResult check_update(kernel::FusedOp fused, std::size_t output, unsigned operand) {
    Value target = fused.getInputs()[operand];
    for (OpOperand& use : target.getUses()) {
      const bool update = use.getOwner() == fused && use.getOperandNumber() == operand;
      if (!update && !use.getOwner()->isBeforeInBlock(fused))
        return use.getOwner()->emitOpError("reads the contents of a buffer after kernel ")
               << fused.getLoc() << " updated it";
    }
    Operation* def = target.getDefiningOp();
    if (!def || isa<ir::WeightOp, ir::ConstantOp>(def))
      return fused.emitOpError("updates a buffer that the entry does not own");
    auto read = dyn_cast<ir::StateReadOp>(def);
    return !read || becomes(fused.getOutputs()[output], read.getState())
               ? success()
               : fused.emitOpError("updates state @")
                     << read.getState() << ", which does not take the result";
  }

  // Whether `value`, perhaps after further updates, is written to the state.
  static bool becomes(Value value, StringRef state) {
    for (OpOperand& use : value.getUses()) {
      if (auto write = dyn_cast<ir::StateWriteOp>(use.getOwner()))
        if (write.getState() == state)
          return true;
      if (auto next = dyn_cast<kernel::FusedOp>(use.getOwner()))
        for (auto [output, operand] : llvm::enumerate(next.getInplace()))
          if (operand == static_cast<std::int64_t>(use.getOperandNumber()) &&
              becomes(next.getOutputs()[output], state))
            return true;
    }
    return false;
  }
};

}  // namespace
}  // namespace ashlar
