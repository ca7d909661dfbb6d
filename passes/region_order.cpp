// SPDX-License-Identifier: Apache-2.0
#include "passes/region_order.h"

#include "llvm/Support/raw_ostream.h"

#include <string>

using namespace mlir;

namespace ashlar {
namespace {

// Visits the ops behind outputs depth first, operands in order.
class Walk {
public:
  explicit Walk(const ValueSet& inputs) : unit_inputs_(inputs) {}

  void add(Value output) {
    enter(output);
    while (!stack_.empty()) {
      auto& [op, next] = stack_.back();
      if (next == op->getNumOperands()) {
        ops.push_back(op);
        stack_.pop_back();
      } else {
        enter(op->getOperand(next++));
      }
    }
  }

  SmallVector<Operation*> ops;
  ValueSet inputs;

private:
  void enter(Value value) {
    Operation* op = value.getDefiningOp();
    if (unit_inputs_.contains(value))
      inputs.insert(value);
    else if (seen_.insert(op))
      stack_.push_back({op, 0});
  }

  const ValueSet& unit_inputs_;
  llvm::SetVector<Operation*> seen_;
  SmallVector<std::pair<Operation*, unsigned>> stack_;
};

// What `output` is, up to the names of values.
std::string expression(Value output, const ValueSet& unit_inputs) {
  Walk walk(unit_inputs);
  walk.add(output);
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::DenseMap<Value, std::size_t> numbers;
  for (Value input : walk.inputs) {
    numbers[input] = numbers.size();
    stream << input.getType() << ';';
  }
  for (Operation* op : walk.ops) {
    numbers[op->getResult(0)] = numbers.size();
    stream << op->getName() << op->getAttrDictionary();
    for (Value operand : op->getOperands())
      stream << ' ' << numbers.lookup(operand);
    stream << ';';
  }
  return text;
}

}  // namespace

RegionOrder canonical_order(const KernelUnit& unit) {
  SmallVector<std::pair<std::string, Value>> outputs;
  for (Value output : unit.outputs)
    outputs.push_back({expression(output, unit.inputs), output});
  llvm::stable_sort(outputs, llvm::less_first());
  RegionOrder order;
  Walk walk(unit.inputs);
  for (const auto& [text, output] : outputs) {
    order.outputs.push_back(output);
    walk.add(output);
  }
  order.ops = std::move(walk.ops);
  order.inputs = std::move(walk.inputs);
  return order;
}

}  // namespace ashlar
