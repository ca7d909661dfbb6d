// SPDX-License-Identifier: Apache-2.0
// What an attention op says, as numbers, and how a kernel divides it among workgroups.
#pragma once

#include "codegen/emitters/kernel_builder.h"
#include "ir/attention_schedules.h"

namespace ashlar::codegen {

// The number of the operand that only some attention has.
inline constexpr unsigned kSinks = 5;

struct AttentionShape {
  std::int64_t batch, steps, heads, head_size, groups, value_size;
  std::int64_t splits;  // 0: the op gives the result, not parts of it
  double scale, softcap;
  bool causal;
  std::int64_t window, ring;
  bool has_sinks;  // the op's last operand
  kernel::AttentionTile tile;

  // `op`: ashlar.attention or kernel.attention_partial.
  AttentionShape(mlir::Operation* op, kernel::AttentionTile rows_of_workgroup);

  std::int64_t heads_per_group() const { return heads / groups; }
  std::int64_t head_blocks() const;
  std::int64_t step_blocks() const;
};

// The rows and keys of one workgroup.
struct AttentionPlace {
  Value batch, group, first_head, first_step, split;  // heads count within the group
  Value position;
  Value low, count;    // keys that any row of the tile sees, over all splits
  Value skipped;       // a key that comes from elsewhere: the others are counted without it
  Value sees_new_key;  // whether there is one
  Value begin, end;    // those of this split
  Value used_splits;   // splits that have keys, at least 1
  Value tile_number;   // of this batch row, group and tile; equal in all its splits
};

// All but the keys of the split. `position` and `length`: the op's operands for batch row `batch`,
// given by the callback.
AttentionPlace place_attention(KernelBuilder& builder, const AttentionShape& shape,
                               llvm::function_ref<Value(unsigned operand, Value batch)> read);

// Divides the keys among splits: none has fewer than `least_keys` while others have none, and twice
// as many still belong to one; 0 divides evenly.
void divide_keys(KernelBuilder& builder, const AttentionShape& shape, std::int64_t least_keys,
                 AttentionPlace& place);

// For first, first + step, ... below `count`; without a loop where one step covers all.
void for_numbers(KernelBuilder& builder, Value first, std::int64_t count, std::int64_t step,
                 llvm::function_ref<void(Value)> body);

// Row `row` of a tile: consecutive heads, then consecutive steps.
class TileRows {
public:
  TileRows(KernelBuilder& builder, const AttentionShape& shape, const AttentionPlace& place)
      : b_(builder), shape_(shape), place_(place) {}

  Value step(Value row) const;
  Value head(Value row) const;  // of all heads
  Value exists(Value row) const;
  // For rows that do not exist, the last ones that do.
  Value existing_step(Value row) const;
  Value existing_head(Value row) const;

private:
  Value head_in_group(Value row) const;
  Value first_of_group() const { return b_.mul(place_.group, shape_.heads_per_group()); }

  KernelBuilder& b_;
  const AttentionShape& shape_;
  const AttentionPlace& place_;
};

}  // namespace ashlar::codegen
