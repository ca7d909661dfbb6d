// SPDX-License-Identifier: Apache-2.0
#include "ir/schedule_candidates.h"

#include "ir/matrix_schedules.h"
#include "ir/matvec_schedules.h"
#include "runtime/program/affine_encoding.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/xxhash.h"

#include <fmt/format.h>

#include <algorithm>

using namespace mlir;

namespace ashlar::kernel {
namespace {

using Parameters = llvm::SmallVector<std::pair<StringRef, std::int64_t>>;

// `base` with some parameters replaced.
ScheduleAttr with(ScheduleAttr base, const Parameters& changed) {
  Builder builder(base.getContext());
  NamedAttrList named(base.getParameters());
  for (auto [name, value] : changed)
    named.set(name, builder.getI64IntegerAttr(value));
  return ScheduleAttr::get(base.getContext(), base.getEmitter(),
                           named.getDictionary(base.getContext()));
}

class Candidates {
public:
  Candidates(const RegionView& region, const DeviceProfile& profile)
      : region_(region), profile_(profile), base_(default_schedule(region, profile)),
        subgroup_(std::max(profile.subgroup_size, 1u)) {
    list_.push_back(base_);
  }

  SmallVector<ScheduleAttr> list() {
    const StringRef emitter = base_.getEmitter();
    if (emitter == "elementwise")
      vary_workgroup();
    else if (emitter == "attention")
      vary_attention();
    else if (emitter == "row")
      vary_row();
    else if (emitter == "matvec" || emitter == "expert_matvec")
      vary_matvec();
    else if (emitter == "matvec_stationary")
      vary_stationary_matvec();
    else if (emitter == "matmul" || emitter == "grouped_matmul")
      vary_matmul();
    else if (emitter == "matmul_coop")
      vary_coop_matmul();
    return std::move(list_);
  }

private:
  void add(const Parameters& changed) { add(with(base_, changed)); }

  void add(ScheduleAttr schedule) {
    const std::int64_t workgroup = schedule.get("workgroup", 0);
    const bool fits = workgroup > 0 && workgroup <= profile_.max_workgroup_invocations &&
                      (profile_.max_loop_iterations == 0 ||
                       loop_iterations(region_, schedule) <= profile_.max_loop_iterations);
    if (fits && !llvm::is_contained(list_, schedule))
      list_.push_back(schedule);
  }

  void vary_workgroup() {
    for (std::int64_t workgroup : {64, 128, 256})
      add({{"workgroup", workgroup}});
  }

  // Larger or smaller teams, more or fewer of them, with more or fewer keys at once.
  void vary_attention() {
    const std::int64_t lanes = base_.get("lanes", 1), keys = base_.get("keys", 1);
    const std::int64_t dealt_keys = base_.get("dealt_keys", 0);
    for (std::int64_t workgroup : {128, 256, 512})
      for (std::int64_t team : {lanes, 2 * lanes, lanes / 2})
        for (std::int64_t at_once : {keys, 2 * keys, keys / 2})
          if (team >= 1 && team <= subgroup_ && at_once >= 1)
            add({{"workgroup", workgroup}, {"lanes", team}, {"keys", at_once}});
    for (std::int64_t split_keys : {64, 256, 512})
      add({{"split_keys", split_keys}});
    for (std::int64_t at_once : {2 * dealt_keys, dealt_keys / 2})
      if (at_once >= 1)
        add({{"dealt_keys", at_once}});
  }

  void vary_row() {
    for (std::int64_t subgroups : {1, 2, 4, 8})
      for (std::int64_t rows : {1, 2, 4})
        if (subgroups * subgroup_ * rows <= kLargestWorkgroup)
          add({{"rows", rows}, {"workgroup", subgroups * subgroup_ * rows}});
  }

  // Threads carry rows times left rows sums and rows times unroll packets: no more than the
  // schedule model allows.
  void vary_matvec() {
    auto left = cast<RankedTensorType>(roots_of(region_).front()->getOperand(0).getType());
    const std::int64_t left_rows =
        region_.root == "expert_matvec"
            ? 1
            : std::max<std::int64_t>(left.getNumElements() / left.getShape().back(), 1);
    const std::int64_t loads = kernel::multiplies_packed(roots_of(region_)) ? 8 : 32;
    for (std::int64_t rows : {1, 2, 4, 8})
      for (std::int64_t unroll : {1, 2, 4})
        for (std::int64_t groups : {2, 4, 8, 16})
          if (rows * left_rows <= 16 && rows * unroll <= loads)
            add({{"rows", rows},
                 {"unroll", unroll},
                 {"workgroup", std::max(base_.get("lanes", subgroup_) * groups, subgroup_)}});
  }

  // The same threads of a unit in small or large workgroups, and half as many.
  void vary_stationary_matvec() {
    const SmallVector<Operation*> roots = roots_of(region_);
    const StationaryMatvec base = stationary_matvec(roots, profile_);
    for (std::int64_t steps : {base.steps, 2 * base.steps})
      for (std::int64_t threads : {128, 256, 512})
        for (std::int64_t workgroups : {512 / threads, 1024 / threads})
          for (std::int64_t rows : {1, 2, 4})
            add(schedule_of({steps, threads, rows, workgroups}, roots, profile_));
  }

  void vary_matmul() {
    constexpr std::pair<std::int64_t, std::int64_t> kTiles[] = {
        {8, 32}, {16, 32}, {32, 32}, {32, 64}, {64, 32}, {64, 64}, {128, 64}};
    const SmallVector<std::int64_t> steps =
        profile_.is_cpu ? SmallVector<std::int64_t>{0} : SmallVector<std::int64_t>{16, 32};
    for (auto [m, n] : kTiles)
      for (std::int64_t k : steps)
        for (std::int64_t elements : {16, 32, 64}) {
          const std::int64_t workgroup = m * n / elements;
          if ((m + n) * (k + 5) * 4 <= profile_.shared_memory_bytes && workgroup >= subgroup_ &&
              workgroup <= kLargestWorkgroup)
            add({{"tile_m", m}, {"tile_n", n}, {"tile_k", k}, {"workgroup", workgroup}});
        }
  }

  void vary_coop_matmul() {
    constexpr CoopMatmulTile kTiles[] = {
        {128, 128, 64, 2, 2, 1}, {128, 128, 64, 2, 4, 1}, {128, 128, 64, 1, 4, 1},
        {128, 128, 32, 2, 2, 1}, {128, 128, 32, 2, 2, 2}, {128, 128, 16, 2, 4, 2},
        {256, 128, 32, 4, 2, 1}, {64, 256, 64, 1, 4, 1},  {64, 128, 64, 1, 4, 1},
        {128, 64, 64, 2, 2, 1},  {64, 64, 64, 1, 2, 1},   {32, 128, 64, 1, 4, 2},
        {32, 64, 64, 1, 2, 2},   {16, 128, 64, 1, 4, 2},  {16, 64, 64, 1, 4, 2}};
    for (const CoopMatmulTile& tile : kTiles)
      if (tile.m <= 2 * base_.get("tile_m", 128) &&
          fits_coop_tile(roots_of(region_).front(), tile, profile_))
        add({{"tile_m", tile.m},
             {"tile_n", tile.n},
             {"tile_k", tile.k},
             {"grid_m", tile.grid_m},
             {"grid_n", tile.grid_n},
             {"slots", tile.slots},
             {"workgroup", tile.grid_m * tile.grid_n * subgroup_}});
  }

  static constexpr std::int64_t kLargestWorkgroup = 256;

  const RegionView& region_;
  const DeviceProfile& profile_;
  ScheduleAttr base_;
  std::int64_t subgroup_;
  SmallVector<ScheduleAttr> list_;
};

}  // namespace

SmallVector<ScheduleAttr> candidate_schedules(const RegionView& region,
                                              const DeviceProfile& profile) {
  return Candidates(region, profile).list();
}

std::string kernel_key(const RegionView& region) {
  return fmt::format("{:016x}", llvm::xxh3_64bits(region_text(region)));
}

ScheduleChoice choice_of(ScheduleAttr schedule) {
  ScheduleChoice choice{schedule.getEmitter().str(), {}};
  for (NamedAttribute parameter : schedule.getParameters())
    choice.parameters[parameter.getName().str()] = cast<IntegerAttr>(parameter.getValue()).getInt();
  return choice;
}

}  // namespace ashlar::kernel
