// SPDX-License-Identifier: Apache-2.0
// Schedules on cooperative matrices: when they are used, and their parameters.
#pragma once

#include "ir/attention_schedules.h"

namespace ashlar::kernel {

// Whether the device multiplies 16x16 matrices of this element type with f32 sums.
bool has_cooperative_matrices(const DeviceProfile& profile, DType dtype);

// A tile of the result and of K, the subgroups that share it, and the tiles of the operands that
// workgroup memory holds.
struct CoopMatmulTile {
  std::int64_t m, n, k, grid_m, grid_n, slots;
};
// Workgroup memory that the emitter needs, at most: tiles, or sums on their way out.
std::int64_t coop_matmul_bytes(const CoopMatmulTile& tile);

// Whether element types and layout of a matmul allow it: both sides of one 16-bit float type, or
// rows of packed weights on the right, which are rounded to the type of the left side.
bool fits_coop_matmul(mlir::Operation* matmul);
// Where, besides, the device has the matrices. With plain operands only the order of additions
// differs from other schedules.
bool uses_coop_matmul(mlir::Operation* matmul, const DeviceProfile& profile);
// Whether a tile fits workgroup memory, and consists of whole blocks where the right side is
// packed.
bool fits_coop_tile(mlir::Operation* matmul, const CoopMatmulTile& tile,
                    const DeviceProfile& profile);
// The widest tiles that leave few units idle; 64 elements along K are a cache line. One slot:
// smaller workgroup memory lets more workgroups share a unit, which hides more than a second slot
// would.
ScheduleAttr coop_matmul_schedule(mlir::Operation* matmul, const DeviceProfile& profile);
// The same for a kernel.grouped_matmul, which the functions above take as well.
ScheduleAttr coop_grouped_schedule(mlir::Operation* root, const DeviceProfile& profile);

// Whether shapes and element types of an attention allow it.
bool fits_coop_attention(mlir::Operation* root);
// Where, besides, there are tiles of query rows enough to keep part of the device busy. Their keys
// are not split.
bool suits_coop_attention(mlir::Operation* root, const DeviceProfile& profile);
// Where, besides, the kernel does nothing before it: appends no rows, normalises no queries.
bool uses_coop_attention(const RegionView& region, mlir::Operation* root,
                         const DeviceProfile& profile);
ScheduleAttr coop_attention_schedule(mlir::Operation* root, const DeviceProfile& profile);
std::int64_t coop_attention_iterations(mlir::Operation* root, ScheduleAttr schedule);

// Query rows of a workgroup, which share a key/value head: as many as there are, at most 64.
std::int64_t coop_attention_rows(mlir::Operation* root);
// Their heads and steps, where a workgroup has `rows`.
AttentionTile coop_attention_tile(mlir::Operation* root, std::int64_t rows);
// Keys of one block.
std::int64_t coop_attention_keys(mlir::Operation* root);

}  // namespace ashlar::kernel
