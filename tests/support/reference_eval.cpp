// SPDX-License-Identifier: Apache-2.0
#include "tests/support/reference_eval.h"

#include "ir/import.h"
#include "ir/reference/evaluator.h"
#include "runtime/array/creation.h"
#include "runtime/array/host_call.h"

#include "mlir/IR/MLIRContext.h"

#include <algorithm>

namespace ashlar::testing {
namespace {

// A host call as the constant that it computes.
Array computed(const Node& node) {
  const CallView call(node);
  std::vector<std::vector<std::byte>> arguments;
  for (const reference::Tensor& tensor : reference_values(call.arguments))
    arguments.push_back(tensor.to_bytes());
  return array_from_bytes(call.rules.host(arguments)[node.call().result], node.type().dtype,
                          node.type().shape);
}

Arrays without_host_calls(Arrays arrays) {
  while (true) {
    const std::vector<Node*> order = topological_order(arrays);
    const auto call = std::ranges::find_if(
        order, [](Node* node) { return is_host_call(*node) && !node->value(); });
    if (call == order.end())
      return arrays;
    const NodeRef from(*call);
    const Array to = computed(*from);
    arrays = substitute(arrays, {&from, 1}, {&to, 1});
  }
}

}  // namespace

reference::Tensor reference_value(const Array& array) {
  if (array.node()->value())
    return reference::Tensor::from_bytes(array.type(), array.to_bytes());
  return reference_values({array})[0];
}

std::vector<reference::Tensor> reference_values(const std::vector<Array>& arrays) {
  GraphEntry entry{"main", {}, {}, {}};
  for (const Array& array : without_host_calls(arrays))
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
