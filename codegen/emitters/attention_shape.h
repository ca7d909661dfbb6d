// SPDX-License-Identifier: Apache-2.0
// What an attention op says, as numbers, and which of its rows and keys a workgroup works on.
#pragma once

#include "codegen/emitters/element.h"
#include "ir/schedule_model.h"

namespace ashlar::codegen {

struct AttentionShape {
  std::int64_t batch, steps, heads, head_size, groups, value_size;
  std::int64_t splits;  // 0: the op gives the result, not parts of it
  double scale, softcap;
  bool causal;
  std::int64_t window, ring;

  explicit AttentionShape(mlir::Operation* op);

  std::int64_t heads_per_group() const { return heads / groups; }
  // Tiles of query rows that cover the heads of a group, and the steps.
  std::int64_t head_blocks(kernel::AttentionTile tile) const;
  std::int64_t step_blocks(kernel::AttentionTile tile) const;
};

// Rows from (first_step, first_head of the group) on, over keys [begin, end).
struct AttentionPlace {
  Value batch, group, first_head, first_step, split;
  Value position;  // of step 0
  Value begin, end;
};

// `place`: numbers of batch row, group, head block, step block and split.
AttentionPlace place_attention(Elements& elements, mlir::Operation* root,
                               const AttentionShape& shape, kernel::AttentionTile tile,
                               ValueRange place);

}  // namespace ashlar::codegen
