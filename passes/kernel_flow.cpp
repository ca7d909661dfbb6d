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

bool flows_elementwise(BlockArgument input, unsigned output) {
  return flows(input, output, [](Operation*) { return false; });
}

bool flows_by_row(const kernel::RegionView& region, BlockArgument input, unsigned output) {
  Value value = region.outputs()[output];
  if (region.root != "row")
    return false;
  for (const kernel::Part& part : kernel::parts_of(*kernel::stores_of(region)))
    if (llvm::any_of(part.stores, [&](const kernel::Store& s) { return s.value == value; }))
      return flows(input, output, [&](Operation* op) {
        return part.reductions.contains(op) &&
               kernel::innermost(op->getOperand(0).getType()) == kernel::innermost(value.getType());
      });
  return false;
}

}  // namespace ashlar
