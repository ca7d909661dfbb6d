// SPDX-License-Identifier: Apache-2.0
// Index maps as strides: where an element lies, as an offset and one step per axis of the point for
// which it is computed.
#pragma once

#include "mlir/IR/Operation.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>

namespace ashlar {

// offset + sum of steps[d] * point[d].
struct LinearForm {
  std::int64_t offset = 0;
  llvm::SmallVector<std::int64_t> steps;

  bool operator==(const LinearForm&) const = default;
};

// One form per axis of a tensor: its index there.
using IndexForms = llvm::SmallVector<LinearForm>;

// The index that is the point itself, in a tensor of `rank` axes.
IndexForms identity_forms(std::size_t rank);

// The place in memory of `index` in a tensor of this shape.
LinearForm linear_place(const IndexForms& index, mlir::ArrayRef<std::int64_t> shape);

// Where the result's element at `index` lies in the operand of a movement op. Nothing for maps that
// need more than strides: pad, concat, reshapes that join axes.
std::optional<IndexForms> operand_index(mlir::Operation* movement, const IndexForms& index);

// Drops axes of extent 1 from the point and joins neighbours that every form walks through as if
// they were one axis. At least one axis remains.
void collapse_axes(llvm::SmallVector<std::int64_t>& extents,
                   llvm::MutableArrayRef<LinearForm> forms);

}  // namespace ashlar
