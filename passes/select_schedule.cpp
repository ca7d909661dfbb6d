// SPDX-License-Identifier: Apache-2.0
// ashlar-select-schedule: gives every kernel an emitter and its parameters.
//
//   kernel.fused "row"(%x) inplace [-1] : ...
//     =>
//   kernel.fused "row"(%x) inplace [-1] schedule <"row", {rows = 1, width = 4, workgroup = 8}> :
//   ...
//
// The choice is the measured one (ir/tuning_table.h), where there is one that the device can run,
// else the schedule model's (ir/schedule_model.h). A kernel whose loops would pass the device's
// limit is refused: its driver would end them silently.
#include "ir/schedule_candidates.h"
#include "passes/device_of_pass.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_SELECTSCHEDULE
#include "passes/passes.h.inc"

namespace {

struct SelectSchedulePass : impl::SelectScheduleBase<SelectSchedulePass> {
  using SelectScheduleBase::SelectScheduleBase;
  SelectSchedulePass(DeviceProfile device, ScheduleLookup lookup)
      : device_(std::move(device)), lookup_(std::move(lookup)) {}

  LogicalResult initialize(MLIRContext* context) override {
    return find_device(device_, profile.getValue(), context);
  }

  void runOnOperation() override {
    getOperation().walk([&](kernel::FusedOp fused) {
      if (!fused.getScheduleAttr())
        fused.setScheduleAttr(choose(kernel::view_of(fused)));
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
  kernel::ScheduleAttr choose(const kernel::RegionView& region) {
    const ScheduleChoice* wanted =
        lookup_ ? lookup_(getOperation().getSymName(), kernel::kernel_key(region)) : nullptr;
    if (wanted)
      for (kernel::ScheduleAttr candidate : kernel::candidate_schedules(region, *device_))
        if (kernel::choice_of(candidate) == *wanted)
          return candidate;
    return kernel::default_schedule(region, *device_);
  }

  std::optional<DeviceProfile> device_;
  ScheduleLookup lookup_;
};

}  // namespace

std::unique_ptr<Pass> create_select_schedule(const DeviceProfile& profile, ScheduleLookup lookup) {
  return std::make_unique<SelectSchedulePass>(profile, std::move(lookup));
}

}  // namespace ashlar
