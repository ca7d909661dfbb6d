// SPDX-License-Identifier: Apache-2.0
// Writing what a kernel yields: plain outputs, and scatters into a buffer that is updated in place.
#pragma once

#include "codegen/emitters/element.h"
#include "ir/kernel_region.h"

namespace ashlar::codegen {

// Stores the `width` elements of the store's domain from number `linear` on. `width` divides the
// innermost extent of the domain.
void emit_store(Elements& elements, const kernel::Store& store, Value linear, std::int64_t width);
// The same, where they lie in the domain.
void emit_store(Elements& elements, const kernel::Store& store, const Point& point);

// The same for several stores of one element count: whatever they read, they read before plain
// outputs are written.
void emit_stores(Elements& elements, llvm::ArrayRef<kernel::Store> stores, Value linear,
                 std::int64_t width);

// Whether the numbers of an index tensor differ from each other along `axis`, as far as they name
// rows at all.
bool is_distinct_along(Value indices, std::int64_t axis);

// Whether element number i of every store depends on the roots' results (of equal element count)
// through their elements number i only. Reports the op that breaks this.
bool check_epilogue(KernelBuilder& builder, llvm::ArrayRef<kernel::Store> stores,
                    llvm::ArrayRef<mlir::Operation*> roots);

// The same for kernels that store nothing else: every store has the element count of `root`.
bool check_stores(KernelBuilder& builder, llvm::ArrayRef<kernel::Store> stores,
                  mlir::Operation* root);

// Gives `root`'s result the one value that the stores of an element now need (see check_epilogue).
void bind_element(Elements& elements, mlir::Operation* root, Value value);

// The same for adjacent elements, the first of which is number `linear`.
void bind_packet(Elements& elements, mlir::Operation* root, Value linear, const Values& values);

// The region's stores; reports in-place outputs that are no scatters, and several scatters into one
// buffer, whose order a kernel cannot keep.
mlir::FailureOr<llvm::SmallVector<kernel::Store>> checked_stores(kernel::DefOp def);

}  // namespace ashlar::codegen
