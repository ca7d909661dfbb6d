// SPDX-License-Identifier: Apache-2.0
// What a workgroup's teams found, merged: within each subgroup by shuffles, then by whoever reads
// it out of workgroup memory, some rows at a time.
#pragma once

#include "codegen/emitters/attention_walk.h"

namespace ashlar::codegen {

// Of one row: the largest score, the sum of weights, and a packet of the sum of weighted values.
struct MergedRow {
  Value largest, sum;
  Values values;
};

class TeamMerge {
public:
  // `width` adjacent values are read at once; it divides what a thread holds of a row.
  TeamMerge(KernelBuilder& builder, const AttentionShape& shape, const AttentionTeams& teams,
            std::int64_t width);

  // Calls `store` for `count` rows of the tile, from `first` on, until all were merged. By all
  // threads.
  using Store = llvm::function_ref<void(std::int64_t first, std::int64_t count)>;
  void merge(RowStates states, Store store);

  // Row `row` of those that `store` got.
  MergedRow merged(Value row, Value packet);

private:
  void merge_subgroup(RowStates& states);
  Values across_teams(ValueRange values, KernelBuilder::Combine combine);
  void share(const RowStates& states, std::int64_t first, std::int64_t count);
  std::int64_t packets() const { return shape_.value_size / width_; }
  // Where a subgroup leaves what it has of a row.
  Value slot(Value row, Value subgroup) { return b_.add(b_.mul(row, teams_.subgroups), subgroup); }

  KernelBuilder& b_;
  const AttentionShape& shape_;
  const AttentionTeams& teams_;
  std::int64_t width_;
  std::int64_t lanes_;  // of a subgroup
  Value largest_, sums_;
  std::optional<StagedValues> values_;
};

}  // namespace ashlar::codegen
