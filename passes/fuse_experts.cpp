// SPDX-License-Identifier: Apache-2.0
// The part of the partition that surrounds products with matrices chosen by number.
#include "passes/partition.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"

using namespace mlir;

namespace ashlar {

// Collects the values of fewer elements than `limit` from which light ops lead to `value`. False
// when something else does.
bool Partition::follows_from_fewer(Value value, std::int64_t limit,
                                   SmallVectorImpl<Value>& fewer) const {
  const bool is_light = rows_of(value) == 0 && llvm::none_of(plan_.closure(value), is_costly);
  if (is_light)
    return true;
  if (element_count(value) < limit) {
    fewer.push_back(value);
    return true;
  }
  Operation* op = value.getDefiningOp();
  const bool maps = is_index_map(op) || (is_elementwise(op) && !is_costly(op));
  return maps && llvm::all_of(op->getOperands(),
                              [&](Value v) { return follows_from_fewer(v, limit, fewer); });
}

// Every workgroup computes the elements of the left side that it needs, so they must be light. What
// makes them costly is stored where it is small: the weights of experts, the norm of a row.
void Partition::visit_expert_matmul(Operation* op) {
  Value lhs = op->getOperand(0);
  SmallVector<Value> costly;
  if (!follows_from_fewer(lhs, element_count(lhs), costly))
    costly = {lhs};
  for (Value value : costly)
    store_source(value);
  store_source(op->getOperand(2));
  if (!plan_.is_stored_or_packed(kernel::expert_outputs(op).matrices))
    store(op->getOperand(1));
  add_root_unit("expert_matvec", {op}, /*siblings=*/true);
}

}  // namespace ashlar
