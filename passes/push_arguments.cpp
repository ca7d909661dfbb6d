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
//
// A CPU driver may be many times as fast with texel buffers as with pointers (lavapipe walks the
// lanes of a load through a loop): there kernels read what they do not store through texel buffers:
// `texels [0]`.
#include "ir/kernel_region.h"
#include "ir/strided_kernel.h"
#include "passes/device_of_pass.h"
#include "passes/op_classes.h"
#include "passes/passes.h"
#include "passes/plan_ranges.h"
#include "runtime/program/program.h"

#include "llvm/ADT/StringMap.h"

#include <algorithm>
#include <vector>

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_PUSHARGUMENTS
#include "passes/passes.h.inc"

namespace {

struct PushArgumentsPass : impl::PushArgumentsBase<PushArgumentsPass> {
  using PushArgumentsBase::PushArgumentsBase;
  explicit PushArgumentsPass(DeviceProfile device) : device_(std::move(device)) {}

  LogicalResult initialize(MLIRContext* context) override {
    return find_device(device_, profile.getValue(), context);
  }

  void runOnOperation() override {
    for (auto state : getOperation().getOps<ir::StateOp>())
      grows_.push_back(state.getCapacity().has_value());
    llvm::StringMap<SmallVector<plan::DispatchOp>> dispatches;  // by kernel
    getOperation().walk(
        [&](plan::DispatchOp dispatch) { dispatches[dispatch.getKernel()].push_back(dispatch); });
    for (auto def : getOperation().getOps<kernel::DefOp>()) {
      if (def.getSchedule().getEmitter() == kernel::kCustomEmitter)
        continue;
      const ArrayRef<plan::DispatchOp> uses = dispatches[def.getSymName()];
      if (kernel::record_words(def) * 4 <= kMaxPushedBytes)
        def.setPushed(arguments_where(def, [&](std::int64_t number) {
          return llvm::any_of(uses, [&](plan::DispatchOp use) {
            return may_move(ranges_of(use)[static_cast<std::size_t>(number)]);
          });
        }));
      if (device_->is_cpu)
        set_texels(def, uses);
    }
    grows_.clear();
  }

private:
  static SmallVector<std::int64_t> arguments_where(kernel::DefOp def,
                                                   llvm::function_ref<bool(std::int64_t)> holds) {
    SmallVector<std::int64_t> numbers;
    for (std::int64_t number = 0; number < kernel::argument_count(def); ++number)
      if (holds(number))
        numbers.push_back(number);
    return numbers;
  }

  void set_texels(kernel::DefOp def, ArrayRef<plan::DispatchOp> uses) const {
    const kernel::RegionView region = kernel::view_of(def);
    SmallVector<std::int64_t> texels = arguments_where(def, [&](std::int64_t number) {
      if (number >= region.body->getNumArguments())
        return false;
      const auto input = region.body->getArgument(static_cast<unsigned>(number));
      const bool old_rows = kernel::reads_only_old_rows(region, input);
      return llvm::all_of(uses, [&](plan::DispatchOp use) {
        return fits_texels(use, static_cast<std::size_t>(number), old_rows);
      });
    });
    texels.truncate(std::min(texels.size(), kMaxTexelBuffers));
    if (!texels.empty())
      def.setTexels(texels);
  }

  // Texel buffers are part of the recording, too. Inputs and outputs of an entry may lie elsewhere
  // in each run: recording again is worth it for large ones.
  bool fits_texels(plan::DispatchOp use, std::size_t number, bool old_rows) const {
    constexpr std::int64_t kLarge = 64 * 1024;
    constexpr auto kBytes = static_cast<std::int64_t>(kTexelBytes);
    const SmallVector<plan::RangeAttr> ranges = shared_ranges_of(use);
    const plan::RangeAttr own = ranges[number];
    const bool moves = own.getSpace() == "input" || own.getSpace() == "output";
    if ((moves && own.getBytes() < kLarge) || own.getOffset() % kBytes != 0 ||
        own.getBytes() > kBytes * static_cast<std::int64_t>(device_->max_texels))
      return false;
    for (auto [other, range] : llvm::enumerate(ranges))
      if (conflicts(own, range) && !(other == number && old_rows))
        return false;
    return true;
  }

  bool may_move(plan::RangeAttr range) const {
    const StringRef space = range.getSpace();
    return space == "input" || space == "output" ||
           (space == "state" && grows_[static_cast<std::size_t>(range.getIndex())]);
  }

  std::optional<DeviceProfile> device_;
  std::vector<bool> grows_;  // by number of the state
};

}  // namespace

std::unique_ptr<Pass> create_push_arguments(const DeviceProfile& profile) {
  return std::make_unique<PushArgumentsPass>(profile);
}

}  // namespace ashlar
