// SPDX-License-Identifier: Apache-2.0
// ashlar-annotate-costs: sets the `cost` of every kernel.fused.
//
//   kernel.fused "elementwise"(%a) ... : (tensor<4xf32>) -> tensor<4xf32> { exp }
//     =>
//   kernel.fused "elementwise"(%a) ... cost {bytes_read = 16, bytes_written = 16, flops = 4} ...
//
// Growable states count with `kv-length` rows, or with the capacity they start with.
#include "passes/kernel_cost.h"
#include "passes/op_classes.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_ANNOTATECOSTS
#include "passes/passes.h.inc"

namespace {

struct AnnotateCostsPass : impl::AnnotateCostsBase<AnnotateCostsPass> {
  using AnnotateCostsBase::AnnotateCostsBase;

  void runOnOperation() override {
    getOperation().walk([&](kernel::FusedOp fused) {
      fused.setCostAttr(
          cost_of(kernel::view_of(fused), kv_rows(fused)).to_attribute(&getContext()));
    });
  }

private:
  // The longest first capacity of the growable states the kernel works on.
  std::int64_t kv_rows(kernel::FusedOp fused) {
    if (kvLength > 0)
      return kvLength;
    std::int64_t rows = 0;
    for (Value input : fused.getInputs())
      if (element_count(input) == kDynamic)
        rows = std::max(rows, capacity_behind(input));
    return rows;
  }

  std::int64_t capacity_behind(Value value) {
    while (auto update = value.getDefiningOp<kernel::FusedOp>()) {
      const std::int64_t operand = update.getInplace()[cast<OpResult>(value).getResultNumber()];
      if (operand < 0)
        return 0;
      value = update.getInputs()[static_cast<unsigned>(operand)];
    }
    auto read = value.getDefiningOp<ir::StateReadOp>();
    auto state = read ? SymbolTable::lookupNearestSymbolFrom<ir::StateOp>(read, read.getStateAttr())
                      : ir::StateOp();
    return state ? static_cast<std::int64_t>(state.getCapacity().value_or(0)) : 0;
  }
};

}  // namespace
}  // namespace ashlar
