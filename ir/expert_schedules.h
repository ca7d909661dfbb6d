// SPDX-License-Identifier: Apache-2.0
// Schedules of kernels that multiply by matrices chosen by number: ashlar.expert_matmul
// ("expert_matvec": workgroup, lanes, rows, width, unroll) and kernel.grouped_matmul
// ("grouped_matmul": as "matmul").
#pragma once

#include "ir/kernel_region.h"
#include "runtime/program/device_profile.h"

namespace ashlar::kernel {

ScheduleAttr expert_matvec_schedule(llvm::ArrayRef<mlir::Operation*> roots,
                                    const DeviceProfile& profile);
// Upper bounds on the loop iterations of one invocation.
std::int64_t expert_matvec_iterations(mlir::Operation* root, ScheduleAttr schedule);
std::int64_t grouped_matmul_iterations(mlir::Operation* root, ScheduleAttr schedule);

}  // namespace ashlar::kernel
