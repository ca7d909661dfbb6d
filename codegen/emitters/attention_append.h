// SPDX-License-Identifier: Apache-2.0
// Rows of the caches that a step adds, written by the attention kernel that reads them.
//
//   %k = ashlar.scatter %cache, %row, %new        // one row for each batch row
//   %y = ashlar.attention %q, %k, ...
//
// Of the workgroups of one batch row and key head, the one whose split holds the new key writes it
// and then reads it from memory like any other key; nobody else looks at it. A row that no split
// sees is written by the first one.
#pragma once

#include "codegen/emitters/attention_shape.h"
#include "codegen/emitters/element.h"
#include "ir/kernel_region.h"

namespace ashlar::codegen {

// Whether a cache operand of attention is a scatter that this kernel does itself.
bool is_append(mlir::Operation* attention, const kernel::Store& store);

// Writes the new rows and makes the caches readable. Reports scatters of another form.
void append_rows(Elements& elements, mlir::Operation* attention,
                 llvm::ArrayRef<kernel::Store> appends, const AttentionShape& shape,
                 const AttentionPlace& place);

}  // namespace ashlar::codegen
