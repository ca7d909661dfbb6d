// SPDX-License-Identifier: Apache-2.0
// The part of the partition that surrounds attention: one kernel computes the query (head norms,
// rope), appends this step's rows to the caches, attends, and joins its splits.
#include "passes/partition.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"

using namespace mlir;

namespace ashlar {

static std::int64_t extent(Value tensor, unsigned axis) {
  return cast<RankedTensorType>(tensor.getType()).getDimSize(axis);
}

// The first attention that reads the result of `scatter` as a cache, if nobody else but its state
// and later attentions do (layers that share keys).
static Operation* reader_of_cache(Operation* scatter) {
  Operation* reader = nullptr;
  for (OpOperand& use : scatter->getUses()) {
    Operation* user = use.getOwner();
    if (isa<ir::StateWriteOp>(user))
      continue;
    const bool as_cache = isa<ir::AttentionOp, kernel::AttentionPartialOp>(user) &&
                          (use.getOperandNumber() == 1 || use.getOperandNumber() == 2);
    if (!as_cache)
      return nullptr;
    if (!reader || user->isBeforeInBlock(reader))
      reader = user;
  }
  return reader;
}

// Whether every workgroup that needs rows of `value` may compute them: loads and arithmetic, and
// reductions of single rows.
bool Partition::fits_row_prologue(Value value, std::int64_t rows) const {
  if (rows_of(value) != 0 && rows_of(value) != rows)
    return false;
  return llvm::all_of(plan_.closure(value), [&](Operation* op) {
    if (auto shape = kernel::row_shape_of(op))
      return shape->rows == rows;
    return is_inlinable(op) && !isa<kernel::AttentionCombineOp>(op);
  });
}

// Whether the kernel of `attention`, the first reader, may append to a cache: one row for each
// batch row, all of whose readers are the workgroups of one key head.
bool Partition::may_append(Operation* attention, Operation* scatter) const {
  auto op = dyn_cast_or_null<ir::ScatterOp>(scatter);
  if (!op || op.getAxis() != 0 || reader_of_cache(scatter) != attention ||
      forced_.contains(op.getResult()) || !plan_.is_stored(op.getTarget()))
    return false;
  Value query = attention->getOperand(0), updates = op.getUpdates();
  const std::int64_t batch = extent(query, 0), groups = extent(attention->getOperand(1), 2);
  const bool one_row = extent(query, 1) == 1 && extent(updates, 0) == 1;
  const auto indices = cast<RankedTensorType>(op.getIndices().getType()).getShape();
  const bool row_indices = llvm::all_of(
      llvm::enumerate(indices), [](auto axis) { return axis.index() == 1 || axis.value() == 1; });
  return one_row && row_indices && rows_of(op.getIndices()) == 0 &&
         fits_row_prologue(updates, batch * groups);
}

// Whether a scatter is left to the attention that reads it, which may append to its cache.
bool Partition::waits_for_attention(Operation* scatter) const {
  Operation* attention = fusion_ ? reader_of_cache(scatter) : nullptr;
  return attention && may_append(attention, scatter);
}

// Whether it does: to its keys and its values, at one place.
bool Partition::appends_to_caches(Operation* attention) const {
  Operation* keys = attention->getOperand(1).getDefiningOp();
  return fusion_ && llvm::all_of(attention->getOperands().slice(1, 2), [&](Value cache) {
           Operation* scatter = cache.getDefiningOp();
           return !plan_.is_stored(cache) && may_append(attention, scatter) &&
                  scatter->getOperand(1) == keys->getOperand(1);
         });
}

// One number for each row of the query, which its workgroup may compute.
bool Partition::is_cheap_sink(Operation* attention, Value operand) const {
  constexpr unsigned kSinks = 5;
  return fusion_ && attention->getNumOperands() > kSinks &&
         operand == attention->getOperand(kSinks) && rows_of(operand) == 0 &&
         plan_.is_cheap(operand);
}

void Partition::visit_attention(Operation* op) {
  Value query = op->getOperand(0);
  const std::int64_t query_rows = extent(query, 0) * extent(query, 1) * extent(query, 2);
  const bool one_step = fusion_ && extent(query, 1) == 1;
  if (one_step ? !fits_row_prologue(query, query_rows)
               : !llvm::all_of(plan_.closure(query), is_index_map))
    store_source(query);
  SmallVector<Value> outputs;
  const bool appends = appends_to_caches(op);
  for (Value cache : op->getOperands().slice(1, 2)) {
    if (!appends && !plan_.is_stored(cache) && is_scatter(cache.getDefiningOp()))
      visit_scatter(cache.getDefiningOp());
    if (appends && !llvm::is_contained(outputs, cache))
      outputs.push_back(cache);
  }
  for (Value operand : op->getOperands().drop_front())
    if (!llvm::is_contained(outputs, operand) && !is_cheap_sink(op, operand))
      store(operand);
  SmallVector<Operation*> roots{op};
  if (auto combine = joining_op(op)) {
    store(combine.getArrivals());
    visited_.insert(combine);
    outputs.push_back(op->getResult(0));
    roots.push_back(combine);
  }
  add_root_unit("attention", roots, /*siblings=*/false, outputs);
}

// The op that joins the parts of `attention` in its own kernel.
kernel::AttentionCombineOp Partition::joining_op(Operation* attention) const {
  if (!fusion_ || !isa<kernel::AttentionPartialOp>(attention) || !attention->hasOneUse())
    return nullptr;
  auto combine = dyn_cast<kernel::AttentionCombineOp>(*attention->user_begin());
  return combine && combine.getArrivals() ? combine : nullptr;
}

}  // namespace ashlar
