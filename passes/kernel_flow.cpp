// SPDX-License-Identifier: Apache-2.0
#include "passes/kernel_flow.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "passes/op_classes.h"
#include "passes/row_map.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ashlar {

// Whether the kernel computes all outputs of an element before it stores any of them.
static bool stores_outputs_together(const kernel::RegionView& region) {
  return region.root == "elementwise" || region.root == "matmul";
}

// `ends_at` says of an op that is not elementwise whether the walk may end there.
static bool flows(const kernel::RegionView& region, BlockArgument input, unsigned output,
                  llvm::function_ref<bool(Operation*)> ends_at) {
  llvm::SetVector<Value> reached;
  reached.insert(input);
  for (std::size_t i = 0; i < reached.size(); ++i)
    for (OpOperand& use : reached[i].getUses()) {
      Operation* user = use.getOwner();
      if (isa<kernel::YieldOp>(user)) {
        if (use.getOperandNumber() != output && !stores_outputs_together(region))
          return false;
        continue;
      }
      if (ends_at(user))
        continue;
      // A reshape keeps the row-major place.
      if (!is_elementwise(user) && !isa<ir::ReshapeOp>(user))
        return false;
      reached.insert(user->getResult(0));
    }
  return true;
}

// What is stored along with `output`, if that is stored row by row.
static kernel::Part rows_around(const kernel::RegionView& region, Value output) {
  if (region.root != "row")
    return {};
  for (const kernel::Part& part :
       kernel::parts_of(kernel::stores_of(region).value_or(SmallVector<kernel::Store>())))
    if (llvm::any_of(part.stores, [&](const kernel::Store& s) { return s.value == output; }))
      return part;
  return {};
}

// Whether element number i of the input reaches row i of `part` only.
static bool flows_by_row(const kernel::RegionView& region, BlockArgument input,
                         const kernel::Part& part) {
  if (kernel::element_count(input.getType()) != part.rows)
    return false;
  llvm::DenseMap<Value, std::int64_t> rows{{input, part.rows}};
  auto is_reached = [&](Value value) { return rows.contains(value); };
  for (Operation& op : region.body->without_terminator()) {
    if (llvm::none_of(op.getOperands(), is_reached))
      continue;
    if (is_scatter(&op)) {
      if (is_reached(op.getOperand(0)))
        return false;
      continue;
    }
    const auto followed = rows_after(
        &op, llvm::map_to_vector(op.getOperands(), [&](Value v) { return rows.lookup(v); }));
    if (followed != part.rows)
      return false;
    rows[op.getResult(0)] = part.rows;
  }
  const auto belongs = [&](const kernel::Store& store) {
    return llvm::any_of(part.stores, [&](const kernel::Store& s) {
      return s.value == store.value && s.buffer == store.buffer;
    });
  };
  return llvm::all_of(*kernel::stores_of(region), [&](const kernel::Store& store) {
    return belongs(store) || !(is_reached(store.value) ||
                               (store.scatter && is_reached(store.scatter->getOperand(1))));
  });
}

bool may_overwrite(const kernel::RegionView& region, BlockArgument input, unsigned output) {
  Value value = region.outputs()[output];
  const kernel::Part part = rows_around(region, value);
  if (part.stores_one_per_row() && flows_by_row(region, input, part))
    return true;
  return flows(region, input, output, [&](Operation* op) {
    return part.reductions.contains(op) &&
           kernel::innermost(op->getOperand(0).getType()) == kernel::innermost(value.getType());
  });
}

}  // namespace ashlar
