// SPDX-License-Identifier: Apache-2.0
// What a kernel costs under a schedule, and the schedule it gets when nothing better is known.
// Shared by select-schedule and the emitters, so that both count the same loops.
#pragma once

#include "ir/kernel_region.h"
#include "runtime/program/device_profile.h"
#include "runtime/program/dtype.h"

namespace ashlar::kernel {

// Longest sequence for which attention's loops are counted: cache lengths are only known on the
// device.
inline constexpr std::int64_t kMaxAttentionLength = 131'072;

// The emitter named by the region's root, with parameters from shapes, element types and profile.
// Stays below the profile's loop limit wherever a schedule can.
ScheduleAttr default_schedule(const RegionView& region, const DeviceProfile& profile);
ScheduleAttr default_schedule(FusedOp op, const DeviceProfile& profile);

// Upper bound on the loop iterations of one invocation, all its loops together.
std::int64_t loop_iterations(const RegionView& region, ScheduleAttr schedule);
std::int64_t loop_iterations(DefOp op);

// ---- Facts that schedules and emitters share.

// Elements of `type` per vector load or store of at most `bytes` bytes, from rows of `extent`
// elements: the largest power of two that divides the extent.
std::int64_t vector_width(mlir::Type element_type, std::int64_t extent, std::int64_t bytes = 16);

// Lines of at most this many elements are sorted in workgroup memory (12 bytes each at most), of
// more where a schedule says so ("entries").
inline constexpr std::int64_t kSortedInWorkgroup = 2048;

// Whether the first few of a line can be picked in the registers of one subgroup: a sort kernel
// whose workgroup is a subgroup does so.
bool picks_in_registers(mlir::Operation* sort, const DeviceProfile& profile);

// Loops that evaluating one element of `values` contains.
std::int64_t element_iterations(mlir::ValueRange values);

// Whether a right side is packed (ashlar.dequantize). A matvec kernel then takes all of them in
// blocks of kPackedBlock columns.
bool multiplies_packed(llvm::ArrayRef<mlir::Operation*> matmuls);

// Columns of a row of packed right sides that share their scales, counted in whole blocks of
// kPackedBlock.
std::int64_t columns_of_scale(llvm::ArrayRef<mlir::Operation*> matmuls);

// Whether a matvec kernel would keep its left side in workgroup memory: it does when the left side
// is computed (not just loaded) and takes at most 24 KiB in its own element type.
bool stages_lhs(mlir::Operation* matmul);
// Whether it does so under this schedule, which may have it computed where it is used (`staged` 0).
bool stages_lhs(mlir::Operation* matmul, ScheduleAttr schedule);

}  // namespace ashlar::kernel
