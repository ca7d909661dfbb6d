// SPDX-License-Identifier: Apache-2.0
#include "ir/attention_schedules.h"

#include "ir/schedule_numbers.h"

using namespace mlir;

namespace ashlar::kernel {
namespace {

std::int64_t head_of(Value tensor) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(3);
}

std::int64_t largest_head(Operation* root) {
  return std::max(head_of(root->getOperand(0)), head_of(root->getOperand(2)));
}

std::int64_t steps_of(Operation* root) {
  return cast<RankedTensorType>(root->getOperand(0).getType()).getDimSize(1);
}

std::int64_t heads_per_key(Operation* root) {
  return cast<RankedTensorType>(root->getOperand(0).getType()).getDimSize(2) /
         cast<RankedTensorType>(root->getOperand(1).getType()).getDimSize(2);
}

constexpr std::int64_t kMostRows = 8;

// A CPU compiles code for each row, and soon has more values than registers. A token finds little
// of a kernel's code in a GPU's caches. That of few rows is short; other workgroups take the other
// rows at the same time. Tiles of a key head are of one size, if possible.
std::int64_t most_rows(Operation* root, const DeviceProfile& profile) {
  if (profile.is_cpu)
    return kMostRows / 2;
  if (steps_of(root) > 1)
    return kMostRows;
  constexpr std::int64_t kElements = 512;
  const std::int64_t most = limited(kElements / largest_head(root), 1, kMostRows);
  const std::int64_t heads = heads_per_key(root);
  return ceil_div(heads, ceil_div(heads, most));
}

AttentionTile tile_of(Operation* root, std::int64_t rows) {
  AttentionTile tile{std::min(heads_per_key(root), rows), 1};
  while (2 * tile.rows() <= rows && tile.steps < steps_of(root))
    tile.steps *= 2;
  return tile;
}

// Of a token on a GPU as many threads as leave each 128 registers of NVIDIA's 65,536: the bodies
// for few and for many keys together would take more, and one smaller workgroup would fill a unit.
// On a CPU all run on one core, and merge what they have.
std::int64_t least_workgroup(Operation* root, const DeviceProfile& profile) {
  const std::int64_t most = std::max<std::int64_t>(profile.max_workgroup_invocations, 1);
  return std::min<std::int64_t>(most, profile.is_cpu ? 32 : steps_of(root) > 1 ? 256 : 512);
}

bool can_deal(Operation* root, const AttentionTile& tile, std::int64_t rows) {
  return rows > 0 && rows < tile.heads && steps_of(root) == 1 && tile.heads % rows == 0 &&
         tile.heads / rows <= splits_of(root);
}

// One on a GPU, where workgroup memory but for an eighth has room for two bodies, each with a row
// of every subgroup: a token finds little of a kernel's code in the caches, and that for one row is
// short.
std::int64_t rows_to_deal(Operation* root, const DeviceProfile& profile) {
  const std::int64_t subgroups =
      least_workgroup(root, profile) / std::max<std::int64_t>(profile.subgroup_size, 1);
  const std::int64_t memory = profile.shared_memory_bytes - profile.shared_memory_bytes / 8;
  const bool fits = 2 * 4 * subgroups * largest_head(root) <= memory;
  return !profile.is_cpu && fits && can_deal(root, attention_tile(root, profile), 1) ? 1 : 0;
}

// So many that a thread holds few elements of a row. On a GPU registers bound them, 16 bytes of
// 16-bit numbers are a packet, and more than four teams of a subgroup cost more where they are
// merged.
std::int64_t team_lanes(Operation* root, const DeviceProfile& profile) {
  const std::int64_t rows = attention_tile(root, profile).rows(), head = largest_head(root);
  const std::int64_t subgroup = std::max(profile.subgroup_size, 1u);
  if (profile.is_cpu)
    return limited(power_of_two_above(ceil_div(rows * head, 16)), 1, subgroup);
  const std::int64_t lanes = std::max(ceil_div(rows * head, 32), ceil_div(head, 8));
  return limited(power_of_two_above(lanes), std::max<std::int64_t>(subgroup / 4, 1), subgroup);
}

// Of a team at once. While all keys are few, more than two were slower (docs/performance.md).
constexpr std::int64_t kMostKeys = 4, kMostDealtKeys = 2;

// As many as registers hold twice, multiplied and under way, beside queries and results.
std::int64_t keys_at_once(Operation* root, std::int64_t rows, std::int64_t lanes, std::int64_t most,
                          const DeviceProfile& profile) {
  if (profile.is_cpu)
    return 1;
  constexpr std::int64_t kRegisters = 96;
  std::int64_t words = 0, held = 0;
  for (unsigned cache : {1, 2}) {
    const Value tensor = root->getOperand(cache);
    const std::int64_t elements = share_of_row(tensor, lanes).elements();
    const auto bits =
        cast<RankedTensorType>(tensor.getType()).getElementType().getIntOrFloatBitWidth();
    words += ceil_div(elements * bits, 32);
    held += rows * elements;
  }
  const std::int64_t keys = limited((kRegisters - held) / (2 * words), 1, most);
  return power_of_two_above(keys + 1) / 2;
}

// Joining splits of fewer keys takes longer than the keys.
constexpr std::int64_t kLeastKeysOfSplit = 128;

}  // namespace

AttentionTile attention_tile(Operation* root, ScheduleAttr schedule) {
  return tile_of(root, limited(schedule.get("rows", kMostRows), 1, kMostRows));
}

AttentionTile attention_tile(Operation* root, const DeviceProfile& profile) {
  return tile_of(root, most_rows(root, profile));
}

std::int64_t attention_tiles(Operation* root, const AttentionTile& tile) {
  const auto query = cast<RankedTensorType>(root->getOperand(0).getType());
  const auto key = cast<RankedTensorType>(root->getOperand(1).getType());
  return query.getDimSize(0) * key.getDimSize(2) * ceil_div(heads_per_key(root), tile.heads) *
         ceil_div(steps_of(root), tile.steps);
}

RowShare share_of_row(Value cache, std::int64_t lanes) {
  auto type = cast<RankedTensorType>(cache.getType());
  const std::int64_t head = head_of(cache);
  std::int64_t width = vector_width(type.getElementType(), head);
  while (width > 1 && width / 2 * lanes >= head)
    width /= 2;
  return {width, ceil_div(head / width, lanes)};
}

ScheduleAttr attention_schedule(Operation* root, const DeviceProfile& profile) {
  const std::int64_t lanes = team_lanes(root, profile), dealt = rows_to_deal(root, profile);
  const std::int64_t rows = attention_tile(root, profile).rows();
  const std::int64_t most = std::max<std::int64_t>(profile.max_workgroup_invocations, 1);
  auto make = [&](std::int64_t workgroup) {
    SmallVector<std::pair<StringRef, std::int64_t>> parameters{
        {"workgroup", workgroup},
        {"rows", most_rows(root, profile)},
        {"splits", splits_of(root)},
        {"split_keys", kLeastKeysOfSplit},
        {"lanes", lanes},
        {"keys", keys_at_once(root, rows, lanes, kMostKeys, profile)}};
    if (dealt > 0)
      parameters.append(
          {{"dealt_rows", dealt},
           {"dealt_keys", keys_at_once(root, dealt, lanes, kMostDealtKeys, profile)}});
    return make_schedule(root->getContext(), "attention", parameters);
  };
  std::int64_t workgroup = least_workgroup(root, profile);
  while (profile.max_loop_iterations && 2 * workgroup <= std::min<std::int64_t>(most, 512) &&
         attention_iterations(root, make(workgroup)) > profile.max_loop_iterations)
    workgroup *= 2;
  return make(workgroup);
}

std::int64_t dealt_rows(Operation* root, ScheduleAttr schedule) {
  const std::int64_t rows = schedule.get("dealt_rows", 0);
  return can_deal(root, attention_tile(root, schedule), rows) ? rows : 0;
}

// Of whole tiles: few keys and rows take fewer.
std::int64_t attention_iterations(Operation* root, ScheduleAttr schedule) {
  const std::int64_t workgroup = std::max<std::int64_t>(schedule.get("workgroup", 64), 1);
  const std::int64_t lanes = limited(schedule.get("lanes", workgroup), 1, workgroup);
  const std::int64_t rows = attention_tile(root, schedule).rows(), head = largest_head(root);
  const std::int64_t keys = std::max<std::int64_t>(schedule.get("keys", 1), 1) *
                            std::max<std::int64_t>(workgroup / lanes, 1);
  const std::int64_t splits = splits_of(root);
  // Around the walk over the keys: the rows that are computed before, each at most by itself and
  // read twice where it is reduced; storing, a row at a time; joining splits.
  const std::int64_t staging = 2 * (rows + 2) * ceil_div(head, 4);
  const std::int64_t storing = rows * ceil_div(head + 2, workgroup);
  const std::int64_t joins = 2 * splits + ceil_div(rows * splits, workgroup);
  return ceil_div(ceil_div(kMaxAttentionLength, splits), keys) + staging + storing + joins;
}

}  // namespace ashlar::kernel
