// SPDX-License-Identifier: Apache-2.0
#include "ir/tiled_schedules.h"

#include "ir/schedule_numbers.h"

#include <algorithm>

using namespace mlir;

namespace ashlar::kernel {
namespace {

ScheduleAttr cpu_schedule(Operation* root, StringRef emitter, std::int64_t rows) {
  return make_schedule(root->getContext(), emitter,
                       {{"tile_m", rows}, {"tile_n", 32}, {"tile_k", 0}, {"workgroup", 16}});
}

// Tiles of 64 x 64, 64 elements for each thread, or of 32 x 32, 16 for each.
ScheduleAttr gpu_schedule(Operation* root, StringRef emitter, bool large) {
  const std::int64_t tile = large ? 64 : 32;
  return make_schedule(
      root->getContext(), emitter,
      {{"tile_m", tile}, {"tile_n", tile}, {"tile_k", large ? 32 : 16}, {"workgroup", 64}});
}

// Large blocks load the fewest operands, if every unit has one.
bool fills_units(const MatmulExtent& extent, const DeviceProfile& profile) {
  const std::int64_t units = std::max<std::int64_t>(profile.compute_units, 16);
  return ceil_div(extent.m, 64) * ceil_div(extent.n, 64) >= units;
}

}  // namespace

ScheduleAttr tiled_matmul_schedule(Operation* matmul, const DeviceProfile& profile) {
  if (profile.is_cpu)
    return cpu_schedule(matmul, "matmul", 16);
  const MatmulExtent extent = matmul_extent(matmul);
  return gpu_schedule(matmul, "matmul",
                      std::min(extent.m, extent.n) > 32 && fills_units(extent, profile));
}

ScheduleAttr tiled_grouped_schedule(Operation* root, const DeviceProfile& profile) {
  return profile.is_cpu ? cpu_schedule(root, "grouped_matmul", 8)
                        : gpu_schedule(root, "grouped_matmul", /*large=*/false);
}

std::int64_t tiled_iterations(std::int64_t k, ScheduleAttr schedule) {
  const std::int64_t tile_k = schedule.get("tile_k", 16);
  return tile_k == 0 ? ceil_div(k, 4) : ceil_div(k, tile_k) * (1 + ceil_div(tile_k, 4));
}

}  // namespace ashlar::kernel
