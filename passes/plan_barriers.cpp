// SPDX-License-Identifier: Apache-2.0
// ashlar-plan-barriers: separates commands that touch the same bytes.
//
//   plan.dispatch @a [#plan.range<"arena"[0] + 0, 256, "w">] ...
//   plan.dispatch @b [#plan.range<"arena"[0] + 0, 256, "r">, ...] ...
//     =>
//   plan.dispatch @a ...
//   plan.barrier
//   plan.dispatch @b ...
//
// One barrier orders everything before it against everything after it, so it is placed before the
// first command that conflicts with one since the last barrier. The order of commands, chosen when
// kernels were formed, already keeps independent ones together.
#include "passes/passes.h"
#include "passes/plan_ranges.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_PLANBARRIERS
#include "passes/passes.h.inc"

namespace {

struct PlanBarriersPass : impl::PlanBarriersBase<PlanBarriersPass> {
  using PlanBarriersBase::PlanBarriersBase;

  void runOnOperation() override {
    for (auto entry : getOperation().getOps<plan::EntryOp>())
      place_barriers(entry);
  }

private:
  void place_barriers(plan::EntryOp entry) {
    SmallVector<plan::RangeAttr> group;
    for (Operation& command : llvm::make_early_inc_range(entry.getBody().front())) {
      if (isa<plan::BarrierOp>(command)) {
        command.erase();
        continue;
      }
      const SmallVector<plan::RangeAttr> ranges = shared_ranges_of(&command);
      const bool hazard = llvm::any_of(ranges, [&](plan::RangeAttr range) {
        return llvm::any_of(group,
                            [&](plan::RangeAttr earlier) { return conflicts(range, earlier); });
      });
      if (hazard || (full && &command != &entry.getBody().front().front())) {
        OpBuilder builder(&command);
        plan::BarrierOp::create(builder, command.getLoc());
        group.clear();
      }
      llvm::append_range(group, ranges);
    }
  }
};

}  // namespace
}  // namespace ashlar
