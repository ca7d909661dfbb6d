// SPDX-License-Identifier: Apache-2.0
#include "ir/tiled_schedules.h"

#include "ir/schedule_numbers.h"

using namespace mlir;

namespace ashlar::kernel {
namespace {

ScheduleAttr cpu_schedule(Operation* root, StringRef emitter, std::int64_t rows) {
  return make_schedule(root->getContext(), emitter,
                       {{"tile_m", rows}, {"tile_n", 32}, {"tile_k", 0}, {"workgroup", 16}});
}

// 16 elements for each thread.
ScheduleAttr gpu_schedule(Operation* root, StringRef emitter, std::int64_t tile) {
  return make_schedule(
      root->getContext(), emitter,
      {{"tile_m", tile}, {"tile_n", tile}, {"tile_k", 16}, {"workgroup", tile * tile / 16}});
}

}  // namespace

ScheduleAttr tiled_matmul_schedule(Operation* matmul, const DeviceProfile& profile) {
  if (profile.is_cpu)
    return cpu_schedule(matmul, "matmul", 16);
  const MatmulExtent extent = matmul_extent(matmul);
  return gpu_schedule(matmul, "matmul", extent.m <= 32 || extent.n <= 32 ? 32 : 64);
}

ScheduleAttr tiled_grouped_schedule(Operation* root, const DeviceProfile& profile) {
  return profile.is_cpu ? cpu_schedule(root, "grouped_matmul", 8)
                        : gpu_schedule(root, "grouped_matmul", 32);
}

std::int64_t tiled_iterations(std::int64_t k, ScheduleAttr schedule) {
  const std::int64_t tile_k = schedule.get("tile_k", 16);
  return tile_k == 0 ? ceil_div(k, 4) : ceil_div(k, tile_k) * (1 + ceil_div(tile_k, 4));
}

}  // namespace ashlar::kernel
