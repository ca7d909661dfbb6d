// SPDX-License-Identifier: Apache-2.0
// Schedules of a few rows times weights [N, K]: "matvec" (workgroup, lanes, rows, width, unroll)
// and "matvec_stationary" (workgroup, lanes, rows, batches, width).
#pragma once

#include "ir/kernel_region.h"
#include "runtime/program/device_profile.h"

namespace ashlar::kernel {

ScheduleAttr matvec_schedule(llvm::ArrayRef<mlir::Operation*> roots, const DeviceProfile& profile);

// Whether threads can hold the left side.
bool fits_stationary_matvec(llvm::ArrayRef<mlir::Operation*> roots, const DeviceProfile& profile);
// A team of threads covers K in `steps` packets each; a workgroup has as many teams as fit in
// `threads`. A team keeps `rows` rows of the weights under way, and takes so many batches of them
// that there are `workgroups` for each unit of the device.
struct StationaryMatvec {
  std::int64_t steps, threads, rows, workgroups;
};
StationaryMatvec stationary_matvec(llvm::ArrayRef<mlir::Operation*> roots,
                                   const DeviceProfile& profile);
// Whether packed weights can be multiplied in halves (codegen/emitters/packed_halves.h): numbers of
// 4 or 8 bits with biases, as many in all matrices, one scale for a block, and a left side of
// 16-bit floats.
bool fits_halves(llvm::ArrayRef<mlir::Operation*> roots);
ScheduleAttr schedule_of(const StationaryMatvec& choice, llvm::ArrayRef<mlir::Operation*> roots,
                         const DeviceProfile& profile);

// Upper bound on the loop iterations of one invocation.
std::int64_t matvec_iterations(mlir::Operation* matmul, llvm::ArrayRef<Store> stores,
                               ScheduleAttr schedule);

}  // namespace ashlar::kernel
