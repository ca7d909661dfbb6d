// SPDX-License-Identifier: Apache-2.0
// Joining the parts of split attention in the kernel that makes them: each workgroup leaves its
// part in memory and counts itself in; the last one of a tile joins all of them. Nobody waits.
#pragma once

#include "codegen/emitters/attention_shape.h"
#include "codegen/emitters/element.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"

namespace ashlar::codegen {

struct JoinedStores {
  kernel::AttentionCombineOp combine;  // with arrivals that are an input of the kernel
  kernel::Store parts;                 // of the op's operand
  llvm::ArrayRef<kernel::Store> results;
};

// To be called by all threads of a split that has keys, after they stored its part. Stores `width`
// values at once, which parts and results consist of.
void join_parts(Elements& elements, const JoinedStores& stores, const AttentionShape& shape,
                const AttentionPlace& place, std::int64_t width);

// Rounds a packet of a row of `op`'s result, from `element` on, and stores what follows from it,
// unless there is no such row.
void store_result(Elements& elements, mlir::Operation* op, llvm::ArrayRef<kernel::Store> stores,
                  const AttentionShape& shape, const AttentionPlace& place, Value row,
                  Value element, Values values);

}  // namespace ashlar::codegen
