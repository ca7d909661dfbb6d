// SPDX-License-Identifier: Apache-2.0
#include "passes/kernel_flow.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "passes/op_classes.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ashlar {

bool flows_elementwise(BlockArgument input, unsigned output) {
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
      // A reshape keeps the row-major place.
      if (!is_elementwise(user) && !isa<ir::ReshapeOp>(user))
        return false;
      reached.insert(user->getResult(0));
    }
  return true;
}

}  // namespace ashlar
