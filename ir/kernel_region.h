// SPDX-License-Identifier: Apache-2.0
// Questions about a kernel's region that passes, the schedule model and the emitters must answer
// alike: what is stored where, which reductions a value needs, what the root is.
#pragma once

#include "ir/kernel_dialect.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ashlar::kernel {

// The root, and the emitter, of kernels that bring their code along.
inline constexpr llvm::StringLiteral kCustomEmitter = "custom";

// The body of a kernel.fused or kernel.def and what the op says about it. Does not own.
struct RegionView {
  mlir::Operation* op;
  mlir::Block* body;
  llvm::StringRef root;
  llvm::ArrayRef<std::int64_t> inplace;

  mlir::ValueRange outputs() const { return body->getTerminator()->getOperands(); }
};
RegionView view_of(FusedOp op);
RegionView view_of(DefOp op);

// What the kernel computes, as text: root, in-place map, types and ops. Equal for equal kernels,
// whatever their names, schedules, operands, costs and locations.
std::string region_text(const RegionView& region);

// One thing the kernel writes: every element of `value`, either to the same place of buffer
// `buffer`, or, when `scatter` is set, to the rows its indices choose. `buffer` counts as
// kernel.buffer does: inputs first, then the outputs that are not in place.
struct Store {
  mlir::Value value;
  mlir::Operation* scatter = nullptr;  // ashlar.scatter or ashlar.scatter_add
  unsigned buffer = 0;

  mlir::RankedTensorType domain() const;
};

// Whether the kernel writes to its input: it updates it in place, or counts arrivals in it.
bool is_updated(const RegionView& region, mlir::BlockArgument input);

// Whether the kernel reads no row of its input that it stores: a cache to which attention adds a
// row (AttentionRows keeps that one). Where there is no other row, it may read what is just being
// stored, and uses none of it.
bool reads_only_old_rows(const RegionView& region, mlir::BlockArgument input);

// All stores in the order of the outputs. Nothing when an in-place output is not a chain of
// scatters onto its operand.
std::optional<llvm::SmallVector<Store>> stores_of(const RegionView& region);

// A reduction over trailing axes: `rows` results, each of `length` elements.
struct RowShape {
  std::int64_t rows;
  std::int64_t length;
  unsigned leading_axes;  // axes of the input before the reduced ones
};
bool is_reduction(mlir::Operation* op);
// Nothing when `op` is no reduction or reduces axes other than the last ones.
std::optional<RowShape> row_shape_of(mlir::Operation* op);

using OpSet = llvm::SetVector<mlir::Operation*>;
// Ops of the region that `value` depends on and that satisfy `predicate`, operands before users.
OpSet ops_behind(mlir::ValueRange values, llvm::function_ref<bool(mlir::Operation*)> predicate);

// The root ops (matmul, attention, cumsum, sort, ...) in the order of the body.
llvm::SmallVector<mlir::Operation*> roots_of(const RegionView& region);

// The ashlar.topk_indices, no root, by which a kernel chooses the matrices of its products itself;
// else nothing.
mlir::Operation* choice_of_matrices(const RegionView& region);

// Turns packed numbers into floats. Kernels do so where they read them.
bool is_unpacking(mlir::Operation* op);

// Outputs start, start + step, ... of every matrix of `matrices`, [E, N, K] or [E, K, N]: the right
// side of an ashlar.expert_matmul, seen through the slices that were taken of it (gate and up of
// one tensor).
struct ExpertOutputs {
  mlir::Value matrices;
  std::int64_t start = 0;
  std::int64_t step = 1;
};
ExpertOutputs expert_outputs(mlir::Operation* product);

// What a matmul or expert_matmul multiplies by, seen through such slices.
mlir::Value weights_of(mlir::Operation* product);

// Stores that one range of workgroups computes together. `rows` > 0 when reductions are involved.
struct Part {
  llvm::SmallVector<Store> stores;
  OpSet reductions;  // operands before users
  std::int64_t rows = 0;
  std::int64_t elements = 0;  // of each store, where rows == 0

  // Whether one thread stores all that belongs to a row.
  bool stores_one_per_row() const;
};
// Groups the stores of an "elementwise" or "row" kernel. Stores without elements are left out.
llvm::SmallVector<Part> parts_of(llvm::ArrayRef<Store> stores);

// kDynamic for a tensor with a dynamic axis.
std::int64_t element_count(mlir::Type tensor);
// Extent of the last axis; 1 for rank 0.
std::int64_t innermost(mlir::Type tensor);

}  // namespace ashlar::kernel
