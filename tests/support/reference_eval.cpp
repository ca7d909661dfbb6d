// SPDX-License-Identifier: Apache-2.0
#include "tests/support/reference_eval.h"

#include "ir/import.h"
#include "ir/reference/evaluator.h"

#include "mlir/IR/MLIRContext.h"

namespace ashlar::testing {

reference::Tensor reference_value(const Array& array) {
  if (array.node()->value())
    return reference::Tensor::from_bytes(array.type(), array.to_bytes());
  return reference_values({array})[0];
}

std::vector<reference::Tensor> reference_values(const std::vector<Array>& arrays) {
  GraphEntry entry{"main", {}, {}, {}};
  for (const Array& array : arrays)
    entry.outputs.push_back({std::to_string(entry.outputs.size()), array.node()});
  mlir::MLIRContext context;
  auto module = ir::import_graph(context, Graph{{}, {std::move(entry)}});
  reference::States states;
  return reference::evaluate(module->lookupSymbol<mlir::func::FuncOp>("main"), {}, states);
}

std::vector<double> values_of(const Array& array) {
  const reference::Tensor tensor = reference_value(array);
  if (tensor.is_real())
    return tensor.reals;
  return {tensor.integers.begin(), tensor.integers.end()};
}

}  // namespace ashlar::testing
