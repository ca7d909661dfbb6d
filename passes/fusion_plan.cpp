// SPDX-License-Identifier: Apache-2.0
#include "passes/fusion_plan.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"

#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace ashlar {

// Defining ops reached from `values` without passing `stop`, in block order.
static OpSet reach(ValueRange values, llvm::function_ref<bool(Value)> stop) {
  llvm::DenseSet<Operation*> seen;
  SmallVector<Operation*> found, stack;
  auto push = [&](Value value) {
    Operation* op = value.getDefiningOp();
    if (op && !stop(value) && seen.insert(op).second) {
      found.push_back(op);
      stack.push_back(op);
    }
  };
  llvm::for_each(values, push);
  while (!stack.empty())
    llvm::for_each(stack.pop_back_val()->getOperands(), push);
  llvm::sort(found, [](Operation* a, Operation* b) { return a->isBeforeInBlock(b); });
  return OpSet(found.begin(), found.end());
}

OpSet ops_of(const KernelUnit& unit) {
  return reach(unit.outputs.getArrayRef(), [&](Value v) { return unit.inputs.contains(v); });
}

FusionPlan::FusionPlan(Block& block) {
  for (Value argument : block.getArguments())
    producer_[argument] = -1;
  for (Operation& op : block)
    if (is_leaf(&op))
      producer_[op.getResult(0)] = -1;
}

bool FusionPlan::is_stored_or_packed(Value value) const {
  Operation* op = value.getDefiningOp();
  return is_stored(value) ||
         (kernel::is_unpacking(op) &&
          llvm::all_of(op->getOperands(), [&](Value v) { return is_stored(v); }));
}

OpSet FusionPlan::closure(ValueRange values) const {
  return reach(values, [&](Value v) { return is_stored(v); });
}

ValueSet FusionPlan::inputs_of(const OpSet& ops) const {
  ValueSet inputs;
  for (Operation* op : ops)
    for (Value operand : op->getOperands())
      if (is_stored(operand))
        inputs.insert(operand);
  return inputs;
}

std::int64_t FusionPlan::level_after(const ValueSet& inputs) const {
  std::int64_t level = 0;
  for (Value input : inputs)
    if (const std::int64_t producer = producer_of(input); producer >= 0)
      level = std::max(level, units_[static_cast<std::size_t>(producer)].level + 1);
  return level;
}

std::int64_t FusionPlan::level_of(Value value) const {
  ValueSet inputs = inputs_of(closure(value));
  if (is_stored(value))
    inputs.insert(value);
  return level_after(inputs);
}

static bool is_bias_of_packed(Value value) {
  return llvm::all_of(value.getUses(), [](OpOperand& use) {
    return isa<ir::DequantizeOp>(use.getOwner()) && use.getOperandNumber() == 2;
  });
}

bool FusionPlan::is_cheap(Value value) const {
  constexpr std::size_t kFewOps = 16;
  const OpSet ops = closure(value);
  const bool index = !isa<FloatType>(getElementTypeOrSelf(value.getType()));
  for (Operation* op : ops) {
    if (kernel::is_reduction(op) || is_costly(op))
      return false;
    if (!index && isa<ir::TakeOp, ir::TakeAlongAxisOp>(op))
      return false;
  }
  // Scales stand for the packed matrix that they belong to, which is one tensor to load.
  const auto is_loaded = [](Value v) {
    return isa<FloatType>(getElementTypeOrSelf(v.getType())) && !is_bias_of_packed(v);
  };
  return index || (ops.size() <= kFewOps && llvm::count_if(inputs_of(ops), is_loaded) <= 1);
}

std::size_t FusionPlan::add_unit(StringRef root, ArrayRef<Operation*> roots,
                                 ArrayRef<Value> outputs) {
  const std::size_t index = units_.size();
  KernelUnit& unit = units_.emplace_back();
  unit.root = root;
  unit.roots.assign(roots.begin(), roots.end());
  for (Value output : outputs)
    unit.outputs.insert(output);
  refresh(index);
  for (Value output : outputs)
    producer_[output] = static_cast<std::int64_t>(index);
  return index;
}

void FusionPlan::add_output(std::size_t unit, Value value) {
  units_[unit].outputs.insert(value);
  producer_[value] = static_cast<std::int64_t>(unit);
}

bool FusionPlan::loads(const KernelUnit& unit, Value value) const {
  if (!is_stored(value) || unit.computes(value))
    return false;
  const std::int64_t producer = producer_of(value);
  return producer < 0 || !unit.is_settled ||
         units_[static_cast<std::size_t>(producer)].level < unit.level;
}

OpSet FusionPlan::closure_within(std::size_t unit, Value value) const {
  return reach(value, [&](Value v) { return loads(units_[unit], v); });
}

ValueSet FusionPlan::inputs_within(std::size_t unit, Value value) const {
  ValueSet inputs;
  for (Operation* op : closure_within(unit, value))
    for (Value operand : op->getOperands())
      if (loads(units_[unit], operand))
        inputs.insert(operand);
  return inputs;
}

void FusionPlan::refresh(std::size_t index) {
  KernelUnit& unit = units_[index];
  unit.inputs.clear();
  for (Value output : unit.outputs)
    for (Value input : inputs_within(index, output)) {
      unit.inputs.insert(input);
      if (const std::int64_t producer = producer_of(input); producer >= 0)
        units_[static_cast<std::size_t>(producer)].is_settled = true;
    }
  unit.level = level_after(unit.inputs);
}

}  // namespace ashlar
