// SPDX-License-Identifier: Apache-2.0
#include "ir/expert_schedules.h"

#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"
#include "ir/schedule_numbers.h"
#include "ir/tiled_schedules.h"
#include "runtime/program/affine_encoding.h"

using namespace mlir;

namespace ashlar::kernel {
namespace {

// Rows of the left side that are summed into one of the result.
std::int64_t summed_rows(Operation* root) {
  auto lhs = cast<RankedTensorType>(root->getOperand(0).getType());
  return lhs.getDimSize(lhs.getRank() - 2);
}

// The most columns that share what is loaded of the left side and still leave each unit of a GPU
// enough groups of lanes to hide the latency of their loads.
std::int64_t packed_columns(const MatmulExtent& extent, const DeviceProfile& profile) {
  constexpr std::int64_t kGroupsOfUnit = 16;
  if (profile.is_cpu)
    return 4;
  std::int64_t columns = 8;
  const std::int64_t units = std::max<std::int64_t>(profile.compute_units, 1);
  while (columns > 1 && extent.m * extent.n / columns < kGroupsOfUnit * units)
    columns /= 2;
  return columns;
}

std::int64_t columns_of(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  // Columns that lie side by side share the transactions that load them.
  constexpr std::int64_t kSideBySide = 8;
  if (multiplies_packed(roots))
    return packed_columns(matmul_extent(roots.front()), profile);
  if (!cast<ir::ExpertMatmulOp>(roots.front()).getTransposeRhs())
    return kSideBySide;
  return profile.is_cpu ? 8 : 1;
}

std::int64_t width_of(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  if (multiplies_packed(roots))
    return kPackedBlock;
  if (!cast<ir::ExpertMatmulOp>(roots.front()).getTransposeRhs())
    return 1;
  auto rhs = cast<RankedTensorType>(roots.front()->getOperand(1).getType());
  return vector_width(rhs.getElementType(), matmul_extent(roots.front()).k,
                      profile.is_cpu ? 8 : 16);
}

}  // namespace

ScheduleAttr expert_matvec_schedule(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  Operation* root = roots.front();
  const MatmulExtent extent = matmul_extent(root);
  const bool packed = multiplies_packed(roots);
  const std::int64_t subgroup = std::max(profile.subgroup_size, 1u);
  const std::int64_t width = width_of(roots, profile);
  const std::int64_t lanes = std::min(subgroup, power_of_two_above(ceil_div(extent.k, width)));
  const std::int64_t rows = columns_of(roots, profile);
  const std::int64_t groups =
      limited(power_of_two_above(ceil_div(extent.n, rows)), 1, profile.is_cpu ? 8 : 4);
  // Loads under way in a lane: a step of packed numbers is as long as several of others.
  const std::int64_t steps = summed_rows(root) * ceil_div(extent.k, lanes * width);
  const std::int64_t at_once = packed ? 4 / (rows * static_cast<std::int64_t>(roots.size())) : 4;
  const std::int64_t most = std::max<std::int64_t>(profile.max_workgroup_invocations, 1);
  return make_schedule(
      root->getContext(), "expert_matvec",
      {{"workgroup", limited(lanes * groups, subgroup, std::min<std::int64_t>(512, most))},
       {"lanes", lanes},
       {"rows", rows},
       {"width", width},
       {"unroll", profile.is_cpu ? 1 : limited(std::min(steps, at_once), 1, 4)}});
}

std::int64_t expert_matvec_iterations(Operation* root, ScheduleAttr schedule) {
  const std::int64_t step = std::max<std::int64_t>(schedule.get("lanes", 8), 1) *
                            std::max<std::int64_t>(schedule.get("width", 1), 1);
  return summed_rows(root) * ceil_div(matmul_extent(root).k, step);
}

// A tile multiplies by the matrices of all its rows, one after another.
std::int64_t grouped_matmul_iterations(Operation* root, ScheduleAttr schedule) {
  const std::int64_t tile_m = std::max<std::int64_t>(schedule.get("tile_m", 32), 1);
  auto rhs = cast<RankedTensorType>(root->getOperand(1).getType());
  const std::int64_t products = tiled_iterations(matmul_extent(root).k, schedule);
  return 2 * tile_m + std::min(tile_m, rhs.getDimSize(0)) * products;
}

}  // namespace ashlar::kernel
