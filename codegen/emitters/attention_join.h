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

// To be called by all threads of a split that has keys, after they stored its part.
void join_parts(Elements& elements, const JoinedStores& stores, const AttentionShape& shape,
                const AttentionPlace& place);

}  // namespace ashlar::codegen
