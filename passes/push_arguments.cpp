// SPDX-License-Identifier: Apache-2.0
// ashlar-push-arguments: lets kernels take their arguments as push constants.
//
//   kernel.def @row_0 "row" inplace [-1] schedule <"row", {...}> { ... }
//   plan.dispatch @row_0 [#plan.range<"weight"[3] + 0, 64, "r">, #plan.range<"arena"[0] + 0, 64, "w">]
//     =>
//   kernel.def @row_0 "row" inplace [-1] schedule <"row", {...}> pushed { ... }
//
// An address in a record costs a load from device memory, on which all other loads of the kernel
// wait. Pushed ones are part of the recording, so this is for buffers that stay where they are
// between runs: not for inputs and outputs of the entry, nor for states that grow.
#include "ir/kernel_region.h"
#include "ir/strided_kernel.h"
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/plan_ranges.h"
#include "runtime/program/program.h"

#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_PUSHARGUMENTS
#include "passes/passes.h.inc"

namespace {

struct PushArgumentsPass : impl::PushArgumentsBase<PushArgumentsPass> {
  using PushArgumentsBase::PushArgumentsBase;

  void runOnOperation() override {
    SmallVector<bool> grows;
    for (auto state : getOperation().getOps<ir::StateOp>())
      grows.push_back(state.getCapacity().has_value());
    llvm::StringSet<> movable;  // kernels with a dispatch whose buffers may move
    getOperation().walk([&](plan::DispatchOp dispatch) {
      const auto moves = [&](plan::RangeAttr range) {
        const StringRef space = range.getSpace();
        return space == "input" || space == "output" ||
               (space == "state" && grows[static_cast<std::size_t>(range.getIndex())]);
      };
      if (llvm::any_of(ranges_of(dispatch), moves))
        movable.insert(dispatch.getKernel());
    });
    for (auto def : getOperation().getOps<kernel::DefOp>())
      def.setPushed(fits(def) && !movable.contains(def.getSymName()));
  }

private:
  static bool fits(kernel::DefOp def) {
    return def.getSchedule().getEmitter() != kernel::kCustomEmitter &&
           kernel::record_words(def) * 4 <= kMaxPushedBytes;
  }
};

}  // namespace
}  // namespace ashlar
