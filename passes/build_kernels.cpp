// SPDX-License-Identifier: Apache-2.0
#include "passes/build_kernels.h"

#include "ir/ashlar_dialect.h"
#include "ir/kernel_dialect.h"
#include "ir/kernel_region.h"
#include "passes/op_classes.h"
#include "passes/region_order.h"
#include "passes/scope.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ashlar {

// The input whose buffer `output` updates, or -1.
static std::int64_t inplace_input(Value output, const ValueSet& inputs) {
  while (!inputs.contains(output) && is_scatter(output.getDefiningOp()))
    output = output.getDefiningOp()->getOperand(0);
  const auto* position = llvm::find(inputs, output);
  return position == inputs.end() ? -1 : position - inputs.begin();
}

static Location location_of(const KernelUnit& unit, MLIRContext* context) {
  SmallVector<Location> locations;
  for (Operation* root : unit.roots)
    locations.push_back(root->getLoc());
  if (locations.empty())
    for (Value output : unit.outputs)
      locations.push_back(output.getDefiningOp()->getLoc());
  return fuse_locations(context, locations);
}

// The code of a custom kernel counts its operands, also where two are one value.
static SmallVector<Value> inputs_of(const KernelUnit& unit, const RegionOrder& order) {
  if (unit.root == kernel::kCustomEmitter)
    return unit.roots.front()->getOperands();
  return SmallVector<Value>(order.inputs.begin(), order.inputs.end());
}

// Creates one kernel; `stored` maps values of the graph to the results of kernels.
static void build_kernel(OpBuilder& builder, const KernelUnit& unit, IRMapping& stored) {
  const RegionOrder order = canonical_order(unit);
  SmallVector<Value> inputs;
  SmallVector<Location> locations;
  for (Value input : inputs_of(unit, order)) {
    inputs.push_back(stored.lookupOrDefault(input));
    locations.push_back(input.getLoc());
  }
  SmallVector<Type> types;
  SmallVector<std::int64_t> inplace;
  for (Value output : order.outputs) {
    types.push_back(output.getType());
    inplace.push_back(inplace_input(output, order.inputs));
  }
  auto fused =
      kernel::FusedOp::create(builder, location_of(unit, builder.getContext()), types, inputs,
                              builder.getStringAttr(unit.root),
                              builder.getDenseI64ArrayAttr(inplace), nullptr, nullptr, nullptr);
  OpBuilder::InsertionGuard guard(builder);
  Block* body = builder.createBlock(&fused.getBody(), {}, ValueRange(inputs).getTypes(), locations);
  IRMapping inside;
  for (auto [input, argument] : llvm::zip_equal(inputs_of(unit, order), body->getArguments()))
    inside.map(input, argument);
  for (Operation* op : order.ops)
    builder.clone(*op, inside);
  SmallVector<Value> results;
  for (Value output : order.outputs)
    results.push_back(inside.lookup(output));
  kernel::YieldOp::create(builder, fused.getLoc(), results);
  for (auto [output, result] : llvm::zip_equal(order.outputs, fused.getOutputs()))
    stored.map(output, result);
}

void build_kernels(Block& block, const std::vector<KernelUnit>& units) {
  SmallVector<Operation*> replaced;
  Operation* end = block.getTerminator();
  for (Operation& op : block)
    if (!is_leaf(&op) && !isa<ir::StateWriteOp>(op) && &op != block.getTerminator())
      replaced.push_back(&op);
    else if (isa<ir::StateWriteOp>(op) && end == block.getTerminator())
      end = &op;
  OpBuilder builder(end);
  IRMapping stored;
  for (const KernelUnit& unit : units)
    build_kernel(builder, unit, stored);
  for (Operation& op : llvm::make_range(end->getIterator(), block.end()))
    for (OpOperand& operand : op.getOpOperands())
      operand.set(stored.lookupOrDefault(operand.get()));
  for (Operation* op : llvm::reverse(replaced))
    op->erase();
}

}  // namespace ashlar
