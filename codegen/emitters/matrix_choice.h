// SPDX-License-Identifier: Apache-2.0
// Kernels that choose the matrices of their products themselves (kernel::choice_of_matrices). Each
// workgroup picks the numbers of its product's row of scores, so that nobody waits for another
// kernel that does. One workgroup more for each row stores the numbers, and what else follows from
// the row.
#pragma once

#include "codegen/emitters/element.h"
#include "codegen/emitters/parts.h"
#include "ir/kernel_region.h"

namespace ashlar::codegen {

class MatrixChoice {
public:
  // Without effect where the region does not choose. `stores`: all of the kernel.
  MatrixChoice(KernelBuilder& builder, llvm::ArrayRef<kernel::Store> stores);

  explicit operator bool() const { return topk_ != nullptr; }

  // Those of the products.
  llvm::ArrayRef<kernel::Store> product_stores() const { return product_stores_; }

  // Makes the numbers of `product`, one of `products`, readable behind the workgroup's next
  // barrier. By all threads.
  void pick(Elements& elements, Value product, std::int64_t products) const;

  // What the workgroups of the rows do.
  WorkRange rows() const;

private:
  std::int64_t row_count() const;
  void pick_row(Elements& elements, Value row) const;
  void store_row(Value row) const;

  KernelBuilder& b_;
  mlir::Operation* topk_;
  llvm::SmallVector<kernel::Store> product_stores_, row_stores_;
};

}  // namespace ashlar::codegen
