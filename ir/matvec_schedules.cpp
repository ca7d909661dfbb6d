// SPDX-License-Identifier: Apache-2.0
#include "ir/matvec_schedules.h"

#include "ir/ashlar_dialect.h"
#include "ir/schedule_model.h"
#include "ir/schedule_numbers.h"
#include "runtime/program/affine_encoding.h"

using namespace mlir;

namespace ashlar::kernel {
namespace {

// Rows that choose their matrices are products of their own over all rows that they sum.
struct ProductExtent {
  std::int64_t products, m, n, k;
};

ProductExtent product_extent(Operation* root) {
  const MatmulExtent extent = matmul_extent(root);
  if (!isa<ir::ExpertMatmulOp>(root))
    return {1, extent.m, extent.n, extent.k};
  auto lhs = cast<RankedTensorType>(root->getOperand(0).getType());
  return {extent.m, 1, extent.n, lhs.getDimSize(lhs.getRank() - 2) * extent.k};
}

std::int64_t round_up(std::int64_t value, std::int64_t unit) {
  return ceil_div(value, unit) * unit;
}

std::int64_t subgroup_of(const DeviceProfile& profile) {
  return std::max<std::int64_t>(profile.subgroup_size, 1);
}

std::int64_t largest_workgroup(const DeviceProfile& profile) {
  return std::min<std::int64_t>(512, std::max(profile.max_workgroup_invocations, 1u));
}

// A CPU's lane loads a scale as slowly as a block of numbers: once for two blocks, if they share
// it.
std::int64_t columns_on_cpu(ArrayRef<Operation*> roots, std::int64_t k) {
  constexpr std::int64_t kTwoBlocks = 2 * kPackedBlock;
  const bool shared = columns_of_scale(roots) % kTwoBlocks == 0 && k % kTwoBlocks == 0;
  return shared ? kTwoBlocks : kPackedBlock;
}

// Columns of a lane's packet, for the largest load, or texel.
std::int64_t width_of(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  const std::int64_t k = matmul_extent(roots.front()).k;
  if (multiplies_packed(roots))
    return profile.is_cpu ? columns_on_cpu(roots, k) : kPackedBlock;
  auto weight = cast<RankedTensorType>(weights_of(roots.front()).getType());
  return vector_width(weight.getElementType(), k);
}

// ---- matvec

// A CPU's lanes share nothing: each pays for what it loads of the left side. With one left row, few
// lanes (two, or one of packed weights) take many rows of the weights. Long rows that are not
// packed are read fastest by all lanes side by side, and longer packed ones would be too many
// turns.
bool takes_few_lanes(const MatmulExtent& extent, bool packed, const DeviceProfile& profile) {
  constexpr std::int64_t kLongRow = 1024, kLongestPackedRow = 16384;
  return profile.is_cpu && extent.m == 1 &&
         (packed ? extent.k <= kLongestPackedRow : extent.k < kLongRow);
}

std::int64_t rows_on_cpu(const MatmulExtent& extent, bool packed, const DeviceProfile& profile) {
  const std::int64_t groups = packed ? 64 : 32;
  if (!takes_few_lanes(extent, packed, profile))
    return packed ? 4 : 8;
  std::int64_t rows = 16;
  while (rows > 4 && extent.n / rows < groups)
    rows /= 2;
  return rows;
}

// A GPU has warps enough to hide the latency of one row each, where there are not several left rows
// to share. Packed numbers are work: there as many rows as leave each unit enough groups of lanes.
std::int64_t rows_on_gpu(const MatmulExtent& extent, bool packed, const DeviceProfile& profile) {
  constexpr std::int64_t kGroupsOfUnit = 16;
  if (!packed)
    return extent.m > 1 ? 2 : 1;
  std::int64_t rows = 8;
  const std::int64_t units = std::max<std::int64_t>(profile.compute_units, 1);
  while (rows > 1 && extent.n / rows < kGroupsOfUnit * units)
    rows /= 2;
  return rows;
}

// Rows of the weights that share what is loaded of the left side.
std::int64_t shared_rows(const MatmulExtent& extent, bool packed, const DeviceProfile& profile) {
  const std::int64_t rows =
      profile.is_cpu ? rows_on_cpu(extent, packed, profile) : rows_on_gpu(extent, packed, profile);
  return limited(rows, 1, std::max<std::int64_t>(16 / std::max<std::int64_t>(extent.m, 1), 1));
}

std::int64_t lanes_of_row(const MatmulExtent& extent, std::int64_t width, bool packed,
                          const DeviceProfile& profile) {
  const std::int64_t few = packed ? 1 : 2;
  const std::int64_t most = takes_few_lanes(extent, packed, profile) ? few : subgroup_of(profile);
  return std::min(most, power_of_two_above(ceil_div(extent.k, width)));
}

// Steps over K whose loads are under way together, `most` of them at most: as many as leave no
// shorter rest, if there is such a number.
std::int64_t unrolled_steps(std::int64_t k, std::int64_t columns, std::int64_t most) {
  const std::int64_t steps = k / columns;
  for (std::int64_t unroll = std::min(most, steps); unroll > 1; --unroll)
    if (k % columns == 0 && steps % unroll == 0)
      return unroll;
  return limited(steps, 1, most);
}

constexpr std::int64_t kMostGroups = 16;  // of lanes, in a workgroup that computes the left side

// Whether no group of lanes has a second row whose loads could fill the pauses of the first, while
// the first loads wait for the left side.
bool waits_for_one_row(Operation* matmul, const DeviceProfile& profile) {
  return stages_lhs(matmul) && matmul_extent(matmul).n <= 2 * kMostGroups * profile.compute_units;
}

// Groups of lanes in a workgroup: on a CPU one subgroup, which waits for nobody. Where each
// workgroup computes the left side for itself, or packed numbers keep it busy, few large ones do
// best; but some for almost every unit of a GPU.
std::int64_t matvec_groups(Operation* matmul, std::int64_t rows, bool packed,
                           const DeviceProfile& profile) {
  const MatmulExtent extent = matmul_extent(matmul);
  const std::int64_t n = extent.n;
  std::int64_t groups = profile.is_cpu ? 1 : 4;
  const std::int64_t units = std::max<std::int64_t>(profile.compute_units, 1);
  const std::int64_t wanted = (packed ? 1 : 2) * (units - units / 16);
  while (!profile.is_cpu && (packed || stages_lhs(matmul)) && groups < kMostGroups &&
         n / (2 * groups * rows) >= wanted)
    groups *= 2;
  return limited(power_of_two_above(ceil_div(n, rows)), 1, groups);
}

// ---- matvec_stationary

// Workgroups that run at the same time, one for each unit; a guess where the driver does not tell.
std::int64_t units_of(const DeviceProfile& profile) {
  return profile.compute_units > 0 ? profile.compute_units : 64;
}

std::int64_t bits_of_weight(Operation* matmul) {
  Value weights = weights_of(matmul);
  if (auto affine = weights.getDefiningOp<ir::DequantizeOp>())
    return static_cast<std::int64_t>(affine.getBits());
  if (auto floats = weights.getDefiningOp<ir::DequantizeFloatOp>())
    return static_cast<std::int64_t>(1 + floats.getExponentBits() + floats.getMantissaBits());
  constexpr std::int64_t kSmallFloatBits = 4;  // ashlar.dequantize_mxfp4
  return is_unpacking(weights.getDefiningOp())
             ? kSmallFloatBits
             : cast<RankedTensorType>(weights.getType()).getElementTypeBitWidth();
}

// 32-bit words of the weights in `packets` packets of a row of every matrix.
std::int64_t words_of(ArrayRef<Operation*> roots, std::int64_t packets, std::int64_t width) {
  std::int64_t bits = 0;
  for (Operation* root : roots)
    bits += packets * width * bits_of_weight(root);
  return ceil_div(bits, 32);
}

// Bits of numbers that can be multiplied in halves, else 0.
std::int64_t bits_for_halves(Operation* unpacking) {
  if (auto affine = dyn_cast_or_null<ir::DequantizeOp>(unpacking)) {
    const auto bits = static_cast<std::int64_t>(affine.getBits());
    const bool shares_scale = static_cast<std::int64_t>(affine.getGroupSize()) >= kPackedBlock;
    return (bits == 4 || bits == 8) && shares_scale ? bits : 0;
  }
  auto two_steps = dyn_cast_or_null<ir::DequantizeKOp>(unpacking);
  return two_steps && two_steps.getBits() == 4 ? 4 : 0;
}

// Of the left side in halves, with a unit and a total for each block.
std::int64_t bytes_in_halves(const ProductExtent& extent) {
  return extent.m * extent.k * 2 + extent.m * extent.k / kPackedBlock * 8;
}

// As many as wanted, unless they fill the last batch badly: empty rows cost as much as others.
std::int64_t rows_of_batch(std::int64_t share, std::int64_t wanted) {
  std::int64_t rows = std::min(wanted, share);
  while (ceil_div(share, rows) * rows - share > share / 8)
    --rows;
  return rows;
}

}  // namespace

ScheduleAttr matvec_schedule(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  Operation* matmul = roots.front();
  const MatmulExtent extent = matmul_extent(matmul);
  const bool packed = multiplies_packed(roots);
  const std::int64_t subgroup = subgroup_of(profile), width = width_of(roots, profile);
  const std::int64_t lanes = lanes_of_row(extent, width, packed, profile);
  const std::int64_t rows = shared_rows(extent, packed, profile);
  const std::int64_t unroll =
      profile.is_cpu || packed
          ? 1
          : unrolled_steps(extent.k, lanes * width, waits_for_one_row(matmul, profile) ? 5 : 4);
  const std::int64_t groups = matvec_groups(matmul, rows, packed, profile);
  SmallVector<std::pair<StringRef, std::int64_t>> parameters = {
      {"workgroup", limited(lanes * groups, subgroup, largest_workgroup(profile))},
      {"lanes", lanes},
      {"rows", rows},
      {"width", width},
      {"unroll", unroll}};
  // Workgroup memory costs a CPU more than computing the left side once for all rows of a lane.
  if (profile.is_cpu && stages_lhs(matmul))
    parameters.emplace_back("staged", 0);
  return make_schedule(matmul->getContext(), "matvec", parameters);
}

bool fits_stationary_matvec(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  constexpr std::int64_t kMostLeftRows = 2;
  const ProductExtent extent = product_extent(roots.front());
  if (profile.is_cpu || extent.m > kMostLeftRows || extent.n == 0 || extent.k == 0)
    return false;
  auto chosen = dyn_cast<ir::ExpertMatmulOp>(roots.front());
  return !chosen || (chosen.getTransposeRhs() && ops_behind(chosen.getLhs(), is_reduction).empty());
}

// As many threads as keep a unit's registers full, since it is threads that hide the latency of
// loads: with more rows under way in each there would be fewer.
StationaryMatvec stationary_matvec(ArrayRef<Operation*> roots, const DeviceProfile& profile) {
  constexpr std::int64_t kLeftValues = 32;  // that a thread holds of a row of the left side
  constexpr std::int64_t kWords = 8;        // of weights that it has under way
  const std::int64_t width = width_of(roots, profile), threads = largest_workgroup(profile);
  const std::int64_t packets = ceil_div(product_extent(roots.front()).k, width);
  const std::int64_t steps = std::max(ceil_div(packets, threads), kLeftValues / width);
  return {.steps = steps,
          .threads = threads,
          .rows = std::max<std::int64_t>(kWords / words_of(roots, steps, width), 1),
          .workgroups = 2};
}

bool fits_halves(ArrayRef<Operation*> roots) {
  auto left = cast<RankedTensorType>(roots.front()->getOperand(0).getType()).getElementType();
  const std::int64_t bits = bits_for_halves(weights_of(roots.front()).getDefiningOp());
  return (left.isF16() || left.isBF16()) && bits != 0 && llvm::all_of(roots, [&](Operation* root) {
           return bits_for_halves(weights_of(root).getDefiningOp()) == bits;
         });
}

ScheduleAttr schedule_of(const StationaryMatvec& choice, ArrayRef<Operation*> roots,
                         const DeviceProfile& profile) {
  constexpr std::int64_t kPartialSums = 4096;  // in workgroup memory
  constexpr std::int64_t kStagingThreads = 256;
  Operation* matmul = roots.front();
  const ProductExtent extent = product_extent(matmul);
  const std::int64_t width = width_of(roots, profile), units = units_of(profile);
  const std::int64_t weight_rows = extent.products * extent.n;
  const std::int64_t lanes =
      round_up(ceil_div(extent.k, width * choice.steps), subgroup_of(profile));
  std::int64_t teams = std::max<std::int64_t>(choice.threads / lanes, 1);
  // Where each workgroup computes the left side for itself, more threads are done with it sooner.
  const std::int64_t least = stages_lhs(matmul) ? kStagingThreads : 0;
  while (teams > 1 && ceil_div(weight_rows, teams) < units && lanes * teams > least)
    teams /= 2;
  const std::int64_t sums_of_row =
      static_cast<std::int64_t>(roots.size()) * extent.m * (lanes * teams / subgroup_of(profile));
  const std::int64_t share = limited(ceil_div(weight_rows, teams * units * choice.workgroups), 1,
                                     std::min(extent.n, kPartialSums / sums_of_row));
  const std::int64_t rows = rows_of_batch(share, choice.rows);
  const bool halves = profile.shader_f16 && fits_halves(roots) &&
                      bytes_in_halves(extent) + kPartialSums * 4 <= profile.shared_memory_bytes;
  SmallVector<std::pair<StringRef, std::int64_t>> parameters = {{"workgroup", lanes * teams},
                                                                {"lanes", lanes},
                                                                {"rows", rows},
                                                                {"batches", ceil_div(share, rows)},
                                                                {"width", width}};
  if (halves)
    parameters.emplace_back("halves", 1);
  return make_schedule(matmul->getContext(), "matvec_stationary", parameters);
}

std::int64_t matvec_iterations(Operation* matmul, ArrayRef<Store> stores, ScheduleAttr schedule) {
  const ProductExtent extent = product_extent(matmul);
  const std::int64_t workgroup = std::max<std::int64_t>(schedule.get("workgroup", 64), 1);
  const std::int64_t lanes = std::max<std::int64_t>(schedule.get("lanes", 8), 1);
  const std::int64_t width = std::max<std::int64_t>(schedule.get("width", 1), 1);
  const std::int64_t inner = element_iterations(matmul->getOperand(0));
  const bool staged = stages_lhs(matmul, schedule);
  std::int64_t iterations = ceil_div(extent.k, lanes * width);
  if (schedule.getEmitter() == "matvec_stationary") {
    const std::int64_t rows = schedule.get("batches", 1) * schedule.get("rows", 1);
    iterations = rows + ceil_div(extent.m * rows, lanes);
    if (!staged)
      iterations += ceil_div(extent.m * extent.k, lanes) * inner;
  } else if (!staged) {
    iterations *= (1 + inner) * extent.m;
  }
  if (staged)
    iterations += ceil_div(extent.m * extent.k, workgroup) * (1 + inner);
  for (Operation* reduction : ops_behind(matmul->getOperand(0), is_reduction))
    if (auto shape = row_shape_of(reduction))
      iterations += ceil_div(shape->length, std::min(workgroup, lanes)) * shape->rows;
  const auto is_product = [](Operation* op) { return isa<ir::MatmulOp, ir::ExpertMatmulOp>(op); };
  for (const Store& store : stores)
    if (ops_behind(store.value, is_product).empty())
      iterations += ceil_div(element_count(store.value.getType()), workgroup);
  return iterations;
}

}  // namespace ashlar::kernel
