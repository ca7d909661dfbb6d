// SPDX-License-Identifier: Apache-2.0
#include "ir/matrix_schedules.h"

#include "ir/ashlar_dialect.h"
#include "ir/schedule_numbers.h"
#include "runtime/program/affine_encoding.h"

using namespace mlir;

namespace ashlar::kernel {

static DType dtype_of(Value tensor) {
  return *ir::dtype_of(cast<RankedTensorType>(tensor.getType()).getElementType());
}

bool has_cooperative_matrices(const DeviceProfile& profile, DType dtype) {
  if (dtype == DType::bf16 && !profile.bf16_cooperative_matrix)
    return false;
  const std::string element(name_of(dtype));
  return llvm::is_contained(profile.cooperative_matrices,
                            CooperativeMatrixShape{16, 16, 16, element, element, "f32"});
}

std::int64_t coop_matmul_bytes(const CoopMatmulTile& tile) {
  constexpr std::int64_t kPadding = 8, kBytes = 2;  // of a row of 16-bit elements
  constexpr std::int64_t kRows = 16, kMostColumns = 64, kSumPadding = 4, kSumBytes = 4;
  const std::int64_t columns = std::min(tile.n / tile.grid_n, kMostColumns);
  const std::int64_t sums = tile.grid_m * tile.grid_n * kRows * (columns + kSumPadding) * kSumBytes;
  return std::max(tile.slots * (tile.m + tile.n) * (tile.k + kPadding) * kBytes, sums);
}

static bool unpacks(Operation* matmul) {
  return is_unpacking(matmul->getOperand(1).getDefiningOp());
}

bool fits_coop_matmul(Operation* matmul) {
  const DType left = dtype_of(matmul->getOperand(0)), right = dtype_of(matmul->getOperand(1));
  if (left != DType::f16 && left != DType::bf16)
    return false;
  if (!unpacks(matmul))
    return left == right;
  Operation* weights = matmul->getOperand(1).getDefiningOp();
  const bool transposed = matmul->getAttrOfType<BoolAttr>("transpose_rhs").getValue();
  return (right == left || right == DType::f32) && transposed &&
         llvm::all_of(weights->getOperands(), [](Value v) { return isa<BlockArgument>(v); });
}

bool fits_coop_tile(Operation* matmul, const CoopMatmulTile& tile, const DeviceProfile& profile) {
  const bool is_whole = tile.k % kPackedBlock == 0 && matmul_extent(matmul).k % tile.k == 0;
  return coop_matmul_bytes(tile) <= profile.shared_memory_bytes && (is_whole || !unpacks(matmul));
}

bool uses_coop_matmul(Operation* matmul, const DeviceProfile& profile) {
  return fits_coop_matmul(matmul) &&
         has_cooperative_matrices(profile, dtype_of(matmul->getOperand(0)));
}

// With tiles as long as workgroup memory allows, up to `tile`'s.
static ScheduleAttr make_coop_schedule(Operation* root, StringRef emitter, CoopMatmulTile tile,
                                       const DeviceProfile& profile) {
  while (tile.k > 16 && !fits_coop_tile(root, tile, profile))
    tile.k /= 2;
  return make_schedule(root->getContext(), emitter,
                       {{"tile_m", tile.m},
                        {"tile_n", tile.n},
                        {"tile_k", tile.k},
                        {"grid_m", tile.grid_m},
                        {"grid_n", tile.grid_n},
                        {"slots", tile.slots},
                        {"workgroup", tile.grid_m * tile.grid_n * profile.subgroup_size}});
}

ScheduleAttr coop_matmul_schedule(Operation* matmul, const DeviceProfile& profile) {
  const MatmulExtent extent = matmul_extent(matmul);
  const bool is_batched = cast<RankedTensorType>(matmul->getOperand(1).getType()).getRank() > 2;
  auto result = cast<RankedTensorType>(matmul->getResult(0).getType());
  const std::int64_t m = is_batched ? result.getDimSize(result.getRank() - 2) : extent.m;
  const std::int64_t batch = extent.m / std::max<std::int64_t>(m, 1);
  const std::int64_t units = std::max<std::int64_t>(profile.compute_units, 16);
  CoopMatmulTile tile{limited(power_of_two_above(m), 16, 128), 128, 64, 1, 1, 1};
  auto workgroups = [&] { return batch * ceil_div(m, tile.m) * ceil_div(extent.n, tile.n); };
  while (tile.n > 64 && workgroups() < units)
    tile.n /= 2;
  // Sums of a subgroup: 64x64 read the fewest operands; where a unit has one workgroup alone, more
  // subgroups hide more latency.
  const std::int64_t columns = tile.m < 32                                ? 16
                               : tile.m < 128 || workgroups() < 2 * units ? 32
                                                                          : 64;
  tile.grid_m = tile.m >= 64 ? 2 : 1;
  tile.grid_n = tile.n / columns;
  return make_coop_schedule(matmul, "matmul_coop", tile, profile);
}

ScheduleAttr coop_grouped_schedule(Operation* root, const DeviceProfile& profile) {
  const MatmulExtent extent = matmul_extent(root);
  const std::int64_t matrices = cast<RankedTensorType>(root->getOperand(1).getType()).getDimSize(0);
  // A tile is multiplied by the matrices of all its rows: as large as those of one matrix.
  const std::int64_t rows = ceil_div(extent.m, std::max<std::int64_t>(matrices, 1));
  CoopMatmulTile tile{limited(power_of_two_above(rows), 16, 128), 128, 64, 1, 1, 1};
  tile.grid_m = tile.m >= 64 ? 2 : 1;
  tile.grid_n = tile.n / (tile.m < 32 ? 16 : tile.m < 128 ? 32 : 64);
  return make_coop_schedule(root, "grouped_matmul_coop", tile, profile);
}

bool fits_coop_attention(Operation* root) {
  constexpr std::int64_t kLargestHead = 256;  // registers hold no more
  const DType dtype = dtype_of(root->getOperand(1));
  for (Value operand : root->getOperands().take_front(3)) {
    const std::int64_t head = innermost(operand.getType());
    if (dtype_of(operand) != dtype || head % 16 != 0 || head > kLargestHead)
      return false;
  }
  return dtype == DType::f16 || dtype == DType::bf16;
}

AttentionTile coop_attention_tile(Operation* root, std::int64_t rows) {
  auto query = cast<RankedTensorType>(root->getOperand(0).getType());
  auto key = cast<RankedTensorType>(root->getOperand(1).getType());
  const std::int64_t heads = std::min(query.getDimSize(2) / key.getDimSize(2), rows);
  return {heads, rows / heads};
}

std::int64_t coop_attention_keys(Operation* root) {
  const bool is_narrow = innermost(root->getOperand(1).getType()) <= 64 &&
                         innermost(root->getOperand(2).getType()) <= 64;
  return is_narrow ? 64 : 32;
}

std::int64_t coop_attention_rows(Operation* root) {
  auto query = cast<RankedTensorType>(root->getOperand(0).getType());
  auto key = cast<RankedTensorType>(root->getOperand(1).getType());
  const std::int64_t rows = query.getDimSize(1) * query.getDimSize(2) / key.getDimSize(2);
  return limited(16 * ceil_div(rows, 16), 16, 64);
}

// As the emitter lays it out: rows of packets of 16 bytes, each followed by an unused one.
static std::int64_t coop_attention_bytes(Operation* root) {
  const std::int64_t keys = coop_attention_keys(root), rows = coop_attention_rows(root);
  const std::int64_t head = innermost(root->getOperand(1).getType()) / 8 + 1;
  const std::int64_t value = innermost(root->getOperand(2).getType()) / 8 + 1;
  const std::int64_t tiles = std::max(keys * (head + value), rows * head);
  return 16 * (tiles + rows * (keys / 4 + 1) + rows * (keys / 8 + 1)) + 4 * rows;
}

// Whether the kernel is attention and what follows it, of queries that are at most moved.
static bool is_plain_attention(const RegionView& region, Operation* root) {
  auto is_after_root = [&](const Store& store) {
    return ops_behind(store.value, [&](Operation* op) { return op == root; }).size() == 1;
  };
  const SmallVector<Store> stores = stores_of(region).value_or(SmallVector<Store>());
  return isa<ir::AttentionOp>(root) && llvm::all_of(stores, is_after_root) &&
         ops_behind(root->getOperand(0), is_reduction).empty();
}

bool suits_coop_attention(Operation* root, const DeviceProfile& profile) {
  auto query = cast<RankedTensorType>(root->getOperand(0).getType());
  auto key = cast<RankedTensorType>(root->getOperand(1).getType());
  if (!fits_coop_attention(root) ||
      !has_cooperative_matrices(profile, dtype_of(root->getOperand(1))) ||
      coop_attention_bytes(root) > profile.shared_memory_bytes)
    return false;
  const AttentionTile tile = coop_attention_tile(root, coop_attention_rows(root));
  const std::int64_t workgroups =
      query.getDimSize(0) * key.getDimSize(2) * ceil_div(query.getDimSize(1), tile.steps);
  // A unit does several times what it does without matrices.
  constexpr std::int64_t kAdvantage = 8;
  return kAdvantage * workgroups >= std::max<std::int64_t>(profile.compute_units, 16);
}

bool uses_coop_attention(const RegionView& region, Operation* root, const DeviceProfile& profile) {
  return suits_coop_attention(root, profile) && is_plain_attention(region, root);
}

std::int64_t coop_attention_iterations(Operation* root, ScheduleAttr schedule) {
  const std::int64_t keys = std::max<std::int64_t>(schedule.get("keys", 32), 1);
  const std::int64_t head = cast<RankedTensorType>(root->getOperand(0).getType()).getDimSize(3);
  return ceil_div(kMaxAttentionLength, keys) + 8 * head;
}

ScheduleAttr coop_attention_schedule(Operation* root, const DeviceProfile& profile) {
  return make_schedule(root->getContext(), "attention_coop",
                       {{"workgroup", coop_attention_rows(root) / 16 * profile.subgroup_size},
                        {"keys", coop_attention_keys(root)}});
}

}  // namespace ashlar::kernel
