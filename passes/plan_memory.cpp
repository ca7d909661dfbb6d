// SPDX-License-Identifier: Apache-2.0
// ashlar-plan-memory: gives every value a place and turns entries into plans.
//
//   func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
//     %y = kernel.call @a(%x)
//     %z = kernel.call @b(%y)
//     return %z }
//     =>
//   plan.entry @f inputs [tensor<4xf32>] outputs [tensor<4xf32>] arena 256 {
//     plan.dispatch @a [#plan.range<"input"[0] + 0, 16, "r">, #plan.range<"arena"[0] + 0, 16, "w">]
//     plan.dispatch @b [#plan.range<"arena"[0] + 0, 16, "r">, #plan.range<"output"[0] + 0, 16,
//     "w">]
//   }
//
// Stacked weights lie adjacent in one group. Constants share one buffer. A value that becomes a
// state or an output is computed there when readers of the old contents are done by then, else
// copied; outputs may so lie in donated inputs (`#plan.donation`). Temporaries share the arena by
// lifetime; those of one group of independent commands never overlap, so that sharing adds no
// barrier.
#include "passes/entry_planner.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_PLANMEMORY
#include "passes/passes.h.inc"

namespace {

void write_weight_groups(OpBuilder& builder, Location location, const WeightLayout& layout) {
  for (auto [index, group] : llvm::enumerate(layout.groups())) {
    SmallVector<StringRef> names;
    SmallVector<Type> types;
    SmallVector<std::int64_t> offsets;
    for (const PlacedWeight& weight : group.weights) {
      names.push_back(weight.name);
      types.push_back(weight.type);
      offsets.push_back(weight.offset);
    }
    plan::WeightGroupOp::create(
        builder, location, builder.getI64IntegerAttr(static_cast<std::int64_t>(index)),
        builder.getStrArrayAttr(names), builder.getTypeArrayAttr(types),
        builder.getDenseI64ArrayAttr(offsets), builder.getI64IntegerAttr(group.bytes));
  }
}

struct PlanMemoryPass : impl::PlanMemoryBase<PlanMemoryPass> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<WeightLayout> weights = WeightLayout::of(module);
    if (failed(weights))
      return signalPassFailure();
    SharedPlan shared(std::move(*weights));
    for (auto [index, state] : llvm::enumerate(module.getOps<ir::StateOp>()))
      shared.states[state.getSymName()] = static_cast<std::int64_t>(index);
    for (auto function : llvm::to_vector(module.getOps<func::FuncOp>())) {
      if (function.isExternal())
        continue;
      OpBuilder builder(function);
      if (failed(plan_entry(builder, function, shared, alias)))
        return signalPassFailure();
      function.erase();
    }
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    write_weight_groups(builder, module.getLoc(), shared.weights);
    plan::ConstantsOp::create(builder, module.getLoc(),
                              builder.getDenseI8ArrayAttr(shared.constants));
  }
};

}  // namespace
}  // namespace ashlar
