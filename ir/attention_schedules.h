// SPDX-License-Identifier: Apache-2.0
// Schedules of attention without matrices: how rows and keys are shared out among threads.
#pragma once

#include "ir/schedule_model.h"

namespace ashlar::kernel {

// Query rows that one attention workgroup handles at once, which bounds the values that a thread
// carries, workgroup memory and the kernel's code.
struct AttentionTile {
  std::int64_t heads;  // of those that share one key/value head
  std::int64_t steps;  // consecutive query positions
  std::int64_t rows() const { return heads * steps; }
};
// What a schedule says, and what suits a device.
AttentionTile attention_tile(mlir::Operation* root, ScheduleAttr schedule);
AttentionTile attention_tile(mlir::Operation* root, const DeviceProfile& profile);
// Tiles of all rows: workgroups of attention that is not split.
std::int64_t attention_tiles(mlir::Operation* root, const AttentionTile& tile);

// How the threads of a team share a row of a cache: each takes `turns` packets of `width` elements,
// with those of the other threads between them.
struct RowShare {
  std::int64_t width, turns;
  std::int64_t elements() const { return width * turns; }
};
RowShare share_of_row(mlir::Value cache, std::int64_t lanes);

// `lanes` threads are a team that walks over its own keys, `keys` at once, for all rows of a tile.
// No split has fewer than `split_keys` keys while others have none, and twice as many still belong
// to one. Then the workgroups of all splits take `dealt_rows` of the tile's rows each, if that is
// set, and `dealt_keys` at once.
ScheduleAttr attention_schedule(mlir::Operation* root, const DeviceProfile& profile);
std::int64_t attention_iterations(mlir::Operation* root, ScheduleAttr schedule);

// The rows that a workgroup takes of a tile with few keys; 0 where a tile stays whole, as where
// there are too few splits.
std::int64_t dealt_rows(mlir::Operation* root, ScheduleAttr schedule);

// Splits whose parts are loaded together where they are joined.
inline constexpr std::int64_t kSplitsAtOnce = 8;

}  // namespace ashlar::kernel
