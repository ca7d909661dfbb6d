// SPDX-License-Identifier: Apache-2.0
#include "passes/kernel_flow.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "passes/op_classes.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ashlar {

// `ends_at` says of an op that is not elementwise whether the walk may end there.
static bool flows(BlockArgument input, unsigned output,
                  llvm::function_ref<bool(Operation*)> ends_at) {
  llvm::SetVector<Value> reached;
  reached.insert(input);
  for (std::size_t i = 0; i < reached.size(); ++i)
    for (OpOperand& use : reached[i].getUses()) {
      Operation* user = use.getOwner();
      if (isa<kernel::YieldOp>(user)) {
        if (use.getOperandNumber() != output)
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

// The reductions of the rows that `output` is made of, if it is stored row by row.
static kernel::OpSet reductions_before(const kernel::RegionView& region, Value output) {
  if (region.root != "row")
    return {};
  for (const kernel::Part& part :
       kernel::parts_of(kernel::stores_of(region).value_or(SmallVector<kernel::Store>())))
    if (llvm::any_of(part.stores, [&](const kernel::Store& s) { return s.value == output; }))
      return part.reductions;
  return {};
}

bool may_overwrite(const kernel::RegionView& region, BlockArgument input, unsigned output) {
  Value value = region.outputs()[output];
  const kernel::OpSet reductions = reductions_before(region, value);
  return flows(input, output, [&](Operation* op) {
    return reductions.contains(op) &&
           kernel::innermost(op->getOperand(0).getType()) == kernel::innermost(value.getType());
  });
}

}  // namespace ashlar
