// SPDX-License-Identifier: Apache-2.0
// ashlar-select-schedule: gives every kernel an emitter and its parameters.
//
//   kernel.fused "row"(%x) inplace [-1] : ...
//     =>
//   kernel.fused "row"(%x) inplace [-1] schedule <"row", {rows = 1, width = 4, workgroup = 8}> :
//   ...
//
// The choice is the schedule model's (ir/schedule_model.h). A kernel whose loops would pass the
// device's limit is refused: its driver would end them silently.
#include "ir/schedule_model.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_SELECTSCHEDULE
#include "passes/passes.h.inc"

namespace {

struct SelectSchedulePass : impl::SelectScheduleBase<SelectSchedulePass> {
  using SelectScheduleBase::SelectScheduleBase;
  explicit SelectSchedulePass(DeviceProfile device) : device_(std::move(device)) {}

  LogicalResult initialize(MLIRContext* context) override {
    if (!device_)
      device_ = find_profile_fixture(profile.getValue());
    if (!device_)
      return emitError(UnknownLoc::get(context))
             << "no device profile named \"" << profile.getValue() << '"';
    return success();
  }

  void runOnOperation() override {
    getOperation().walk([&](kernel::FusedOp fused) {
      if (!fused.getScheduleAttr())
        fused.setScheduleAttr(kernel::default_schedule(fused, *device_));
      const std::int64_t iterations =
          kernel::loop_iterations(kernel::view_of(fused), fused.getScheduleAttr());
      const std::int64_t limit = device_->max_loop_iterations;
      if (limit == 0 || iterations <= limit)
        return;
      fused.emitOpError("loops run ") << iterations << " times per invocation, more than the "
                                      << limit << " that " << device_->name << " allows";
      signalPassFailure();
    });
  }

private:
  std::optional<DeviceProfile> device_;
};

}  // namespace

std::unique_ptr<Pass> create_select_schedule(const DeviceProfile& profile) {
  return std::make_unique<SelectSchedulePass>(profile);
}

}  // namespace ashlar
