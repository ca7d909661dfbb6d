// SPDX-License-Identifier: Apache-2.0
// Writing what a kernel yields: plain outputs, and scatters into a buffer that is updated in place.
#pragma once

#include "codegen/emitters/element.h"
#include "ir/kernel_region.h"

namespace ashlar::codegen {

// Stores the `width` elements of the store's domain from number `linear` on. `width` divides the
// innermost extent of the domain.
void emit_store(Elements& elements, const kernel::Store& store, Value linear, std::int64_t width);

// Stores element by element at a known index of the domain.
void emit_store(Elements& elements, const kernel::Store& store, const Point& point);

// Whether the numbers of an index tensor differ from each other along `axis`, as far as they name
// rows at all.
bool is_distinct_along(Value indices, std::int64_t axis);

// The region's stores; reports in-place outputs that are no scatters, and several scatters into one
// buffer, whose order a kernel cannot keep.
mlir::FailureOr<llvm::SmallVector<kernel::Store>> checked_stores(kernel::DefOp def);

}  // namespace ashlar::codegen
