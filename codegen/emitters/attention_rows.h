// SPDX-License-Identifier: Apache-2.0
// Rows that an attention workgroup computes before it attends, and keeps in workgroup memory: its
// queries, and the rows that this step adds to the caches.
//
//   %k = ashlar.scatter %cache, %row, %new        // one row for each batch row
//   %y = ashlar.attention %q, %k, ...
//
// The first split of a batch row and key head stores the new rows, and takes the new key from
// workgroup memory. Everybody else counts keys without it, so that nobody waits for a cache.
#pragma once

#include "codegen/emitters/attention_shape.h"
#include "codegen/emitters/element.h"
#include "codegen/emitters/storage.h"
#include "ir/kernel_region.h"

#include <optional>

namespace ashlar::codegen {

// Whether a cache operand of attention is a scatter that this kernel does itself.
bool is_append(mlir::Operation* attention, const kernel::Store& store);

class AttentionRows {
public:
  AttentionRows(Elements& elements, mlir::Operation* attention,
                llvm::ArrayRef<kernel::Store> appends, const AttentionShape& shape);

  // Whether the caches are inputs, or inputs with one row scattered into both at the same place;
  // reports what is not.
  bool check() const;
  // Takes the new key out of those that the splits divide.
  void skip_new_key(AttentionPlace& place);
  // By all threads, which wait for each other at the end.
  void compute(const AttentionPlace& place);

  // The input that holds cache operand 1 or 2.
  unsigned buffer_of(unsigned cache) const;

  // `count` elements of one of the workgroup's query rows, from `element` on.
  Values query(Value row, Value element, std::int64_t count) const;
  // The same of the new row of cache operand 1 or 2, where the place has the new key.
  Values new_row(unsigned cache, Value element, std::int64_t count) const;
  bool appends() const { return !appends_.empty(); }

private:
  // How subgroups share the computing of a row: packets of `width` elements each, in turn.
  struct RowShares {
    std::int64_t subgroups, width;
  };
  bool is_row_append(const kernel::Store& store) const;
  Value new_key(const AttentionPlace& place, Value row) const;
  Value lane() const { return b_.rem(b_.thread(), lanes_); }
  RowShares shares_of(Value tensor) const;
  void compute_share(Value tensor, const RowShares& shares, Value number, Value row,
                     const StagedValues& staged, Value place,
                     llvm::function_ref<void(const Point&)> store);
  void compute_queries(const AttentionPlace& place, Value subgroup);

  Elements& e_;
  KernelBuilder& b_;
  mlir::Operation* attention_;
  llvm::ArrayRef<kernel::Store> appends_;
  const AttentionShape& shape_;
  std::int64_t lanes_, teams_;  // of a subgroup; subgroups
  std::optional<StagedValues> queries_;
  llvm::SmallVector<StagedValues, 2> new_rows_;  // by append
};

}  // namespace ashlar::codegen
