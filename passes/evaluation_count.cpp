// SPDX-License-Identifier: Apache-2.0
#include "passes/evaluation_count.h"

#include "ir/kernel_region.h"
#include "passes/op_classes.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace ashlar {

std::size_t evaluation_count(Value value, std::size_t limit,
                             llvm::function_ref<bool(Value)> is_stored) {
  // An index is known by the operand and the index that it was derived from; 0 is the value's own.
  llvm::DenseMap<std::pair<OpOperand*, std::size_t>, std::size_t> indices;
  llvm::SetVector<std::pair<Operation*, std::size_t>> evaluated;
  auto need = [&](Value needed, std::size_t index) {
    if (Operation* op = needed.getDefiningOp(); op && !is_stored(needed))
      evaluated.insert({op, index});
  };
  need(value, 0);
  for (std::size_t i = 0; i < evaluated.size() && evaluated.size() < limit; ++i) {
    const auto [op, index] = evaluated[i];
    if (kernel::is_reduction(op))
      continue;
    for (OpOperand& operand : op->getOpOperands()) {
      if (is_elementwise(op)) {
        need(operand.get(), index);
        continue;
      }
      const std::size_t next = indices.size() + 1;
      need(operand.get(), indices.try_emplace({&operand, index}, next).first->second);
    }
  }
  return evaluated.size();
}

}  // namespace ashlar
