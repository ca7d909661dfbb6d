// SPDX-License-Identifier: Apache-2.0
// A team of threads that walks over its own keys with an online softmax: each thread holds a part
// of the queries and of the results, packets of keys and values pass by. The next ones are under
// way while some are multiplied, and the first before the queries are known. Teams do not wait for
// each other; what they found is merged at the end.
#pragma once

#include "codegen/emitters/attention_rows.h"

namespace ashlar::codegen {

// For each query row: the largest score, the sum of weights exp(score - largest), and this thread's
// elements of the sum of weighted values.
struct RowStates {
  Values largest, sums, outputs;

  std::size_t outputs_per_row() const { return outputs.size() / largest.size(); }
  Values flat() const;
  static RowStates from(ValueRange all, std::size_t rows);
};

Value larger(KernelBuilder& builder, Value x, Value y);
// exp(score - largest), 0 for a score of -inf.
Value weight_of(KernelBuilder& builder, Value score, Value largest);
// Multiplies what was summed up by the weight of its largest score, which `largest` replaces.
void rescale(KernelBuilder& builder, RowStates& states, ValueRange largest);

// Threads of a workgroup in teams, each with all rows of the tile.
struct AttentionTeams {
  std::int64_t lanes;           // of a team, within one subgroup
  std::int64_t in_subgroup;     // teams
  std::int64_t subgroups;       // of the workgroup
  std::int64_t keys;            // of a team at once
  kernel::RowShare key, value;  // of a thread

  std::int64_t count() const { return in_subgroup * subgroups; }
};

class KeyWalk {
public:
  KeyWalk(Elements& elements, mlir::Operation* attention, const AttentionShape& shape,
          const AttentionPlace& place, const AttentionTeams& teams, const AttentionRows& rows);

  // Asks for the first keys.
  void load_first();
  // Over the keys of this thread's team, when the rows are computed.
  RowStates walk();

private:
  std::size_t rows() const { return static_cast<std::size_t>(shape_.tile.rows()); }

  // By key, then turn: what is loaded of some keys at once, and of their values.
  struct Batch {
    llvm::SmallVector<StoredPacket> keys, values;
    Values flat() const;
    Batch with(ValueRange stored) const;
  };

  Value has_new_key();
  Value team() { return b_.div(b_.thread(), teams_.lanes); }
  Value team_lane() { return b_.rem(b_.thread(), teams_.lanes); }
  Value element_of(unsigned cache, const kernel::RowShare& share, std::int64_t turn);
  Value holds(unsigned cache, const kernel::RowShare& share, std::int64_t turn);

  Value row_of(std::size_t row) { return b_.index(static_cast<std::int64_t>(row)); }
  Value key_of(Value first, std::int64_t number);
  Batch load(Value first);
  Batch with_new_key();
  Value cache_row(Value key);
  void hold_query();
  Values query(std::size_t row, std::int64_t turn);

  RowStates start();
  Values scores(llvm::ArrayRef<Values> keys);
  Value cap(Value score);
  Value sees(std::size_t row, Value key);
  RowStates attend(Value first, const Batch& batch, const RowStates& states);
  RowStates add_values(const RowStates& before, ValueRange scores, llvm::ArrayRef<Values> values);

  Elements& e_;
  KernelBuilder& b_;
  mlir::Operation* attention_;
  const AttentionShape& shape_;
  const AttentionPlace& place_;
  const AttentionTeams& teams_;
  const AttentionRows& rows_;
  Value lead_;  // what numbers of keys are ahead of the others' by: 1 where the first one is new
  Batch first_;
  llvm::SmallVector<Values> query_;  // by turn, then row; empty where each batch loads them
};

}  // namespace ashlar::codegen
