// SPDX-License-Identifier: Apache-2.0
// ashlar-push-arguments: lets kernels take their arguments as push constants.
//
//   kernel.def @row_0 "row" inplace [-1] schedule <"row", {...}> { ... }
//   plan.dispatch @row_0 [#plan.range<"weight"[3] + 0, 64, "r">, #plan.range<"arena"[0] + ...>]
//     =>
//   kernel.def @row_0 "row" inplace [-1] schedule <"row", {...}> pushed [] { ... }
//
// An address in a record costs a load from device memory, on which all other loads of the kernel
// wait. Pushed ones are part of the recording. Where one dispatch of the kernel has a buffer that
// may move between runs (an input or output of the entry, a state that grows), the argument is
// indirect: `pushed [1]` pushes the address of the address of argument 1.
#include "ir/kernel_region.h"
#include "ir/strided_kernel.h"
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/plan_ranges.h"
#include "runtime/program/program.h"

#include "llvm/ADT/StringMap.h"

#include <set>
#include <vector>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_PUSHARGUMENTS
#include "passes/passes.h.inc"

namespace {

struct PushArgumentsPass : impl::PushArgumentsBase<PushArgumentsPass> {
  using PushArgumentsBase::PushArgumentsBase;

  void runOnOperation() override {
    for (auto state : getOperation().getOps<ir::StateOp>())
      grows_.push_back(state.getCapacity().has_value());
    llvm::StringMap<std::set<std::int64_t>> indirect;
    getOperation().walk([&](plan::DispatchOp dispatch) {
      for (auto [number, range] : llvm::enumerate(ranges_of(dispatch)))
        if (may_move(range))
          indirect[dispatch.getKernel()].insert(static_cast<std::int64_t>(number));
    });
    for (auto def : getOperation().getOps<kernel::DefOp>())
      if (fits(def))
        def.setPushed(llvm::to_vector(indirect.lookup(def.getSymName())));
    grows_.clear();
  }

private:
  bool may_move(plan::RangeAttr range) const {
    const StringRef space = range.getSpace();
    return space == "input" || space == "output" ||
           (space == "state" && grows_[static_cast<std::size_t>(range.getIndex())]);
  }

  static bool fits(kernel::DefOp def) {
    return def.getSchedule().getEmitter() != kernel::kCustomEmitter &&
           kernel::record_words(def) * 4 <= kMaxPushedBytes;
  }

  std::vector<bool> grows_;  // by number of the state
};

}  // namespace
}  // namespace ashlar
