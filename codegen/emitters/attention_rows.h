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
  // The same of the new row of cache operand 1 or 2, where has_new_key() holds.
  Values new_row(unsigned cache, Value element, std::int64_t count) const;
  bool appends() const { return !appends_.empty(); }
  Value has_new_key(const AttentionPlace& place) const;

private:
  using PacketBody = llvm::function_ref<void(Value element, Value packet)>;
  bool is_row_append(const kernel::Store& store) const;
  Value new_key(const AttentionPlace& place, Value row) const;
  Value lane() const { return b_.rem(b_.thread(), lanes_); }
  std::int64_t packet_width_of(Value tensor) const;
  std::int64_t unrolled_turns(std::int64_t length, std::int64_t width) const;
  void for_packets(std::int64_t length, std::int64_t width, PacketBody body) const;
  void compute_row(Value tensor, Value row, const StagedValues& staged, Value place,
                   llvm::function_ref<void(const Point&)> store);
  void compute_query(Value row, const AttentionPlace& place);

  Elements& e_;
  KernelBuilder& b_;
  mlir::Operation* attention_;
  llvm::ArrayRef<kernel::Store> appends_;
  const AttentionShape& shape_;
  std::int64_t lanes_, teams_;  // of a subgroup; subgroups
  Value sees_new_key_;
  std::optional<StagedValues> queries_;
  llvm::SmallVector<StagedValues, 2> new_rows_;  // by append
};

}  // namespace ashlar::codegen
