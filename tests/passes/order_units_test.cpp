// SPDX-License-Identifier: Apache-2.0
#include "passes/order_units.h"

#include "ir/ashlar_dialect.h"
#include "tests/passes/equivalence.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace mlir;

namespace ashlar {
namespace {

constexpr const char* kChain = R"(
  func.func @chain(%x: tensor<4xf32>) -> tensor<4xf32> {
    %a = ashlar.neg %x : (tensor<4xf32>) -> tensor<4xf32>
    %b = ashlar.abs %a : (tensor<4xf32>) -> tensor<4xf32>
    %c = ashlar.neg %b : (tensor<4xf32>) -> tensor<4xf32>
    return %c : tensor<4xf32>
  })";

struct Chain {
  Chain() {
    load_dialects(context);
    module = parseSourceString<ModuleOp>(kChain, &context);
    block = &(*module->getOps<func::FuncOp>().begin()).getBody().front();
    for (Operation& op : block->without_terminator())
      values.push_back(op.getResult(0));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  Block* block;
  SmallVector<Value> values;
};

TEST(OrderUnits, DiagnosesUnitsThatWaitForEachOther) {
  Chain chain;
  FusionPlan plan(*chain.block);
  const std::size_t first = plan.add_unit("row", {}, chain.values[0]);
  plan.add_unit("elementwise", {}, chain.values[1]);
  plan.add_output(first, chain.values[2]);
  plan.units()[first].inputs.insert(chain.values[1]);
  std::string message;
  ScopedDiagnosticHandler handler(&chain.context,
                                  [&](Diagnostic& diagnostic) { message = diagnostic.str(); });
  EXPECT_TRUE(failed(order_units(*chain.block, plan, true)));
  EXPECT_EQ(message, "kernels wait for each other in a cycle: row (stores ashlar.neg ashlar.neg) "
                     "elementwise (stores ashlar.abs)");
}

TEST(FusionPlan, UnitsThatOthersReadDoNotStartToWait) {
  Chain chain;
  FusionPlan plan(*chain.block);
  const std::size_t first = plan.add_unit("elementwise", {}, chain.values[0]);
  plan.add_unit("elementwise", {}, chain.values[1]);
  plan.add_output(first, chain.values[2]);
  plan.refresh(first);
  EXPECT_EQ(plan.units()[first].inputs.size(), 1U);
  EXPECT_EQ(plan.units()[first].level, 0);
  EXPECT_TRUE(succeeded(order_units(*chain.block, plan, true)));
}

}  // namespace
}  // namespace ashlar
