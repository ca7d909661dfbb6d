// SPDX-License-Identifier: Apache-2.0
#include "ir/schedule_model.h"

#include "ir/ashlar_dialect.h"
#include "ir/attention_schedules.h"
#include "ir/expert_schedules.h"
#include "ir/matrix_schedules.h"
#include "ir/matvec_schedules.h"
#include "ir/schedule_numbers.h"
#include "ir/tiled_schedules.h"
#include "runtime/program/affine_encoding.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <limits>

using namespace mlir;

namespace ashlar::kernel {
namespace {

std::int64_t bytes_of(Type element_type) {
  return std::max<std::int64_t>(element_type.getIntOrFloatBitWidth() / 8, 1);
}

std::int64_t largest_workgroup(const DeviceProfile& profile, std::int64_t wanted) {
  return std::min<std::int64_t>(wanted, std::max(profile.max_workgroup_invocations, 1u));
}

// The widest packet that divides the rows of every stored tensor.
std::int64_t store_width(ArrayRef<Store> stores) {
  std::int64_t width = 4;
  for (const Store& store : stores)
    if (element_count(store.value.getType()) > 0)
      width = std::min(
          width, vector_width(store.domain().getElementType(), innermost(store.value.getType())));
  return width;
}

// Loops over the other updates that meet the same row: at most one per index along the axis.
std::int64_t scatter_iterations(ArrayRef<Store> stores) {
  std::int64_t iterations = 0;
  for (const Store& store : stores)
    if (store.scatter) {
      auto axis = store.scatter->getAttrOfType<IntegerAttr>("axis").getInt();
      iterations = std::max(iterations, 2 * store.domain().getDimSize(static_cast<unsigned>(axis)));
    }
  return iterations;
}

std::int64_t stored_iterations(ArrayRef<Store> stores) {
  SmallVector<Value> values;
  for (const Store& store : stores)
    values.push_back(store.value);
  return element_iterations(values);
}

// ---- elementwise

ScheduleAttr elementwise_schedule(const RegionView& region, ArrayRef<Store> stores,
                                  const DeviceProfile& profile) {
  std::int64_t items = 1;
  const std::int64_t width = store_width(stores);
  for (const Store& store : stores)
    items = std::max(items, ceil_div(element_count(store.value.getType()), width));
  const std::int64_t workgroup =
      limited(power_of_two_above(items), std::max(profile.subgroup_size, 1u),
              largest_workgroup(profile, 256));
  return make_schedule(region.op->getContext(), "elementwise",
                       {{"workgroup", workgroup}, {"width", width}});
}

// ---- row

struct RowExtent {
  std::int64_t rows = 1;
  std::int64_t length = 1;  // longest pass over a row
  std::int64_t total = 0;   // elements of all passes over a row
  std::int64_t width = 4;
};

RowExtent row_extent(ArrayRef<Store> stores) {
  RowExtent extent;
  extent.width = store_width(stores);
  for (const Part& part : parts_of(stores)) {
    if (part.rows == 0)
      continue;
    extent.rows = std::max(extent.rows, part.rows);
    std::int64_t total = 0;
    auto add_pass = [&](std::int64_t length) {
      extent.length = std::max(extent.length, length);
      total += length;
    };
    for (Operation* reduction : part.reductions) {
      add_pass(row_shape_of(reduction)->length);
      auto input = cast<RankedTensorType>(reduction->getOperand(0).getType());
      extent.width = std::min(extent.width, vector_width(input.getElementType(), innermost(input)));
    }
    for (const Store& store : part.stores)
      add_pass(element_count(store.value.getType()) / part.rows);
    extent.total = std::max(extent.total, total);
  }
  return extent;
}

ScheduleAttr row_schedule(const RegionView& region, ArrayRef<Store> stores,
                          const DeviceProfile& profile) {
  const RowExtent extent = row_extent(stores);
  const std::int64_t subgroup = std::max(profile.subgroup_size, 1u);
  const std::int64_t most = largest_workgroup(profile, 256);
  const std::int64_t items = ceil_div(extent.length, extent.width);
  // A CPU driver pays for barriers, so one subgroup takes a row; a GPU wants loads in flight.
  std::int64_t threads = std::min(power_of_two_above(items), subgroup);
  if (!profile.is_cpu && items > 4 * subgroup)
    threads = limited(power_of_two_above(ceil_div(items, 4)), subgroup, most);
  while (profile.max_loop_iterations && threads < most &&
         extent.total / (threads * extent.width) > profile.max_loop_iterations / 2)
    threads *= 2;
  const std::int64_t wanted = profile.is_cpu ? 8 * subgroup : 4 * subgroup;
  const std::int64_t rows = limited(std::min(wanted / threads, power_of_two_above(extent.rows)),
                                    std::max<std::int64_t>(subgroup / threads, 1), most / threads);
  SmallVector<std::pair<StringRef, std::int64_t>> parameters = {
      {"workgroup", threads * rows}, {"rows", rows}, {"width", extent.width}};
  // Code for a CPU driver is compiled for longer than it runs.
  constexpr std::int64_t kMostInRegisters = 4;
  if (!profile.is_cpu && extent.length <= kMostInRegisters * threads * extent.width)
    parameters.push_back({"unroll", kMostInRegisters});
  return make_schedule(region.op->getContext(), "row", parameters);
}

std::int64_t row_iterations(ArrayRef<Store> stores, ScheduleAttr schedule) {
  const std::int64_t rows = std::max<std::int64_t>(schedule.get("rows", 1), 1);
  const std::int64_t threads = std::max<std::int64_t>(schedule.get("workgroup", 64) / rows, 1);
  const std::int64_t stride = threads * std::max<std::int64_t>(schedule.get("width", 1), 1);
  std::int64_t iterations = 0;
  for (const Part& part : parts_of(stores)) {
    if (part.rows == 0)
      continue;
    std::int64_t sum = 0;
    for (Operation* reduction : part.reductions)
      if (auto shape = row_shape_of(reduction))
        sum += ceil_div(shape->length, stride);
    for (const Store& store : part.stores)
      sum += ceil_div(element_count(store.value.getType()) / part.rows, stride);
    iterations = std::max(iterations, sum * (1 + stored_iterations(part.stores)));
  }
  return iterations;
}

// ---- scan and sort

std::int64_t axis_extent(Value tensor, Operation* root) {
  const auto axis = root->getAttrOfType<IntegerAttr>("axis").getInt();
  return cast<RankedTensorType>(tensor.getType()).getDimSize(static_cast<unsigned>(axis));
}

// A sorting network of n elements has log n rounds, the r-th of r steps over all pairs.
std::int64_t network_iterations(std::int64_t count, std::int64_t workgroup) {
  const std::int64_t log =
      llvm::Log2_64_Ceil(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 1)));
  const std::int64_t pairs = power_of_two_above(count) / 2;
  return log * (log + 1) / 2 * (1 + ceil_div(pairs, workgroup)) + log;
}

std::int64_t bits_of_key(Operation* root) {
  return cast<RankedTensorType>(root->getOperand(0).getType())
      .getElementType()
      .getIntOrFloatBitWidth();
}

std::int64_t line_iterations(Operation* root, std::int64_t workgroup, std::int64_t entries) {
  const std::int64_t length = axis_extent(root->getOperand(0), root);
  const std::int64_t wanted = axis_extent(root->getResult(0), root);
  const std::int64_t pass = ceil_div(length, workgroup);
  if (isa<ir::CumsumOp>(root))
    return 2 * pass;
  if (length <= entries || wanted == length)
    return 2 * pass + network_iterations(length, workgroup);
  // One pass for each digit of 4 bits, two to collect.
  return ((bits_of_key(root) == 64 ? 16 : 8) + 2) * pass + network_iterations(wanted, workgroup) +
         ceil_div(wanted, workgroup);
}

// Entries that a workgroup sorts in its memory, of which a quarter is left to others.
std::int64_t entries_in_workgroup(Operation* root, const DeviceProfile& profile) {
  const std::int64_t bytes = bits_of_key(root) == 64 ? 12 : 8;
  const std::int64_t room = std::int64_t{profile.shared_memory_bytes} / 4 * 3 / bytes;
  std::int64_t entries = kSortedInWorkgroup;
  while (2 * entries <= room)
    entries *= 2;
  return entries;
}

// Loops by which a kernel chooses its matrices itself and computes what else follows for a row.
std::int64_t choice_iterations(const RegionView& region, ArrayRef<Store> stores) {
  Operation* topk = choice_of_matrices(region);
  if (!topk)
    return 0;
  const auto is_product = [](Operation* op) { return isa<ir::ExpertMatmulOp>(op); };
  std::int64_t iterations = axis_extent(topk->getResult(0), topk);
  for (const Store& store : stores) {
    if (!ops_behind(store.value, is_product).empty())
      continue;
    iterations += element_count(store.value.getType());
    for (Operation* reduction : ops_behind(store.value, is_reduction))
      if (auto shape = row_shape_of(reduction))
        iterations += shape->length;
  }
  return iterations;
}

ScheduleAttr line_schedule(const RegionView& region, Operation* root,
                           const DeviceProfile& profile) {
  const std::int64_t most = largest_workgroup(profile, 1024);
  const std::int64_t length = axis_extent(root->getOperand(0), root);
  const std::int64_t entries = entries_in_workgroup(root, profile);
  // A GPU's units have nothing else to do where lines are few.
  constexpr std::int64_t kFewLines = 16;
  const std::int64_t lines =
      element_count(root->getOperand(0).getType()) / std::max<std::int64_t>(length, 1);
  const std::int64_t wanted = profile.is_cpu ? 64 : lines > kFewLines ? 256 : most;
  std::int64_t workgroup = limited(power_of_two_above(ceil_div(length, 2)),
                                   std::max(profile.subgroup_size, 1u), std::min(wanted, most));
  if (!profile.is_cpu && picks_in_registers(root, profile))
    workgroup = profile.subgroup_size;
  while (2 * workgroup <= most && profile.max_loop_iterations &&
         line_iterations(root, workgroup, entries) > profile.max_loop_iterations)
    workgroup *= 2;
  SmallVector<std::pair<StringRef, std::int64_t>> parameters = {{"workgroup", workgroup}};
  if (region.root == "sort" && length > kSortedInWorkgroup && length <= entries)
    parameters.push_back({"entries", entries});
  return make_schedule(region.op->getContext(), region.root, parameters);
}

}  // namespace

bool picks_in_registers(Operation* sort, const DeviceProfile& profile) {
  if (!isa<ir::TopKOp>(sort) || profile.subgroup_size == 0 || !profile.subgroup_arithmetic)
    return false;
  constexpr std::int64_t kMostOfLane = 16, kMostPicked = 16;
  const Type element = cast<RankedTensorType>(sort->getOperand(0).getType()).getElementType();
  return axis_extent(sort->getOperand(0), sort) <= kMostOfLane * profile.subgroup_size &&
         axis_extent(sort->getResult(0), sort) <=
             std::min<std::int64_t>(kMostPicked, profile.subgroup_size) &&
         bytes_of(element) <= 4;
}

std::int64_t vector_width(Type element_type, std::int64_t extent, std::int64_t bytes) {
  std::int64_t width = std::max<std::int64_t>(bytes / bytes_of(element_type), 1);
  while (width > 1 && extent % width != 0)
    width /= 2;
  return width;
}

std::int64_t element_iterations(ValueRange values) {
  std::int64_t iterations = 0;
  for (Operation* op :
       ops_behind(values, [](Operation* op) { return isa<AttentionCombineOp>(op); }))
    iterations += 2 * cast<RankedTensorType>(op->getOperand(0).getType()).getDimSize(3);
  return iterations;
}

bool multiplies_packed(ArrayRef<Operation*> matmuls) {
  return llvm::any_of(
      matmuls, [](Operation* matmul) { return is_unpacking(weights_of(matmul).getDefiningOp()); });
}

std::int64_t columns_of_scale(ArrayRef<Operation*> matmuls) {
  std::int64_t columns = std::numeric_limits<std::int64_t>::max();
  for (Operation* matmul : matmuls) {
    Operation* unpacking = weights_of(matmul).getDefiningOp();
    if (auto affine = dyn_cast_or_null<ir::DequantizeOp>(unpacking))
      columns = std::min(columns, static_cast<std::int64_t>(affine.getGroupSize()));
    else if (is_unpacking(unpacking))
      columns = kPackedBlock;
  }
  return std::max(columns, kPackedBlock);
}

bool stages_lhs(Operation* matmul) {
  Value lhs = matmul->getOperand(0);
  auto computes = [](Operation* op) {
    const OpInfo* info = ir::find_op_info(op);
    return !info || (info->op_class != OpClass::movement && info->op_class != OpClass::source &&
                     info->kind != OpKind::cast);
  };
  constexpr std::int64_t kStagedBytes = 24 * 1024;
  const Type element = cast<RankedTensorType>(lhs.getType()).getElementType();
  const std::int64_t last = innermost(lhs.getType());
  // Single values of bf16 take a word each.
  const std::int64_t bytes = last % 4 == 0 ? bytes_of(element) : 4;
  return element_count(lhs.getType()) * bytes <= kStagedBytes && !ops_behind(lhs, computes).empty();
}

bool stages_lhs(Operation* matmul, ScheduleAttr schedule) {
  return schedule.get("staged", 1) != 0 && stages_lhs(matmul);
}

ScheduleAttr default_schedule(const RegionView& region, const DeviceProfile& profile) {
  const SmallVector<Store> stores = stores_of(region).value_or(SmallVector<Store>());
  const SmallVector<Operation*> roots = roots_of(region);
  if (region.root == kCustomEmitter)
    return make_schedule(region.op->getContext(), region.root, {});
  if (region.root == "row")
    return row_schedule(region, stores, profile);
  if (roots.empty())
    return elementwise_schedule(region, stores, profile);
  if (region.root == "matvec")
    return fits_stationary_matvec(roots, profile) &&
                   (multiplies_packed(roots) || !stages_lhs(roots.front()))
               ? schedule_of(stationary_matvec(roots, profile), roots, profile)
               : matvec_schedule(roots, profile);
  if (region.root == "matmul")
    return uses_coop_matmul(roots.front(), profile) ? coop_matmul_schedule(roots.front(), profile)
                                                    : tiled_matmul_schedule(roots.front(), profile);
  if (region.root == "expert_matvec")
    return fits_stationary_matvec(roots, profile)
               ? schedule_of(stationary_matvec(roots, profile), roots, profile)
               : expert_matvec_schedule(roots, profile);
  if (region.root == "grouped_matmul")
    return uses_coop_matmul(roots.front(), profile)
               ? coop_grouped_schedule(roots.front(), profile)
               : tiled_grouped_schedule(roots.front(), profile);
  if (region.root == "attention")
    return uses_coop_attention(region, roots.front(), profile)
               ? coop_attention_schedule(roots.front(), profile)
               : attention_schedule(roots.front(), profile);
  return line_schedule(region, roots.front(), profile);
}

ScheduleAttr default_schedule(FusedOp op, const DeviceProfile& profile) {
  return default_schedule(view_of(op), profile);
}

std::int64_t loop_iterations(const RegionView& region, ScheduleAttr schedule) {
  const SmallVector<Store> stores = stores_of(region).value_or(SmallVector<Store>());
  const SmallVector<Operation*> roots = roots_of(region);
  const std::int64_t scatters = scatter_iterations(stores) + choice_iterations(region, stores);
  if (region.root == kCustomEmitter)
    return 0;  // its own business
  if (region.root == "row")
    return scatters + row_iterations(stores, schedule);
  if (roots.empty())
    return scatters + stored_iterations(stores);
  const std::int64_t workgroup = std::max<std::int64_t>(schedule.get("workgroup", 64), 1);
  if (region.root == "matvec" || schedule.getEmitter() == "matvec_stationary")
    return scatters + matvec_iterations(roots.front(), stores, schedule);
  if (region.root == "matmul")
    return scatters + tiled_iterations(matmul_extent(roots.front()).k, schedule);
  if (region.root == "expert_matvec")
    return scatters + expert_matvec_iterations(roots.front(), schedule);
  if (region.root == "grouped_matmul")
    return scatters + grouped_matmul_iterations(roots.front(), schedule);
  if (schedule.getEmitter() == "attention_coop")
    return scatters + coop_attention_iterations(roots.front(), schedule);
  if (region.root == "attention")
    return scatters + attention_iterations(roots.front(), schedule);
  return scatters +
         line_iterations(roots.front(), workgroup, schedule.get("entries", kSortedInWorkgroup));
}

std::int64_t loop_iterations(DefOp op) {
  return loop_iterations(view_of(op), op.getSchedule());
}

}  // namespace ashlar::kernel
