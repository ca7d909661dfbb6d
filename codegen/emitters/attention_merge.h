// SPDX-License-Identifier: Apache-2.0
// What a workgroup's teams found, merged: within each subgroup by shuffles, then in workgroup
// memory, some rows at a time.
#pragma once

#include "codegen/emitters/attention_walk.h"

namespace ashlar::codegen {

class TeamMerge {
public:
  // `width` adjacent values are read at once; it divides what a thread holds of a row.
  TeamMerge(KernelBuilder& builder, const AttentionShape& shape, const AttentionTeams& teams,
            std::int64_t width);

  // Calls `store` for rows [first, first + count) of the tile, until all were merged. By all
  // threads.
  using Store = llvm::function_ref<void(std::int64_t first, std::int64_t count)>;
  void merge(RowStates states, Store store);

  // Of row number `row` of those that `store` got: the largest score, the sum of weights, and
  // packet `packet` of the sum of weighted values.
  Value largest(Value row) { return b_.load(row_largest_, row); }
  Value sum(Value row);
  Values values(Value row, Value packet);

private:
  Values across_teams(ValueRange values, KernelBuilder::Combine combine);
  void settle_largest(RowStates& states);
  void share(const RowStates& states, std::int64_t first, std::int64_t count);
  std::int64_t packets() const { return shape_.value_size / width_; }

  KernelBuilder& b_;
  const AttentionShape& shape_;
  const AttentionTeams& teams_;
  std::int64_t width_;
  std::int64_t lanes_, subgroups_;  // of a subgroup; in the workgroup
  Value row_largest_, sums_;
  std::optional<StagedValues> values_;  // by row, then subgroup
};

}  // namespace ashlar::codegen
