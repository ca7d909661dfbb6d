// SPDX-License-Identifier: Apache-2.0
// The schedules that are worth measuring for a kernel, and the name under which results are kept.
#pragma once

#include "ir/schedule_model.h"
#include "ir/tuning_table.h"

#include "llvm/ADT/SmallVector.h"

#include <string>

namespace ashlar::kernel {

// The schedule model's choice first, then others of the same emitter that the device can run.
llvm::SmallVector<ScheduleAttr> candidate_schedules(const RegionView& region,
                                                    const DeviceProfile& profile);

// A hash of what the kernel computes, its types included; 16 hexadecimal digits.
std::string kernel_key(const RegionView& region);

ScheduleChoice choice_of(ScheduleAttr schedule);

}  // namespace ashlar::kernel
