// SPDX-License-Identifier: Apache-2.0
// ashlar-outline-kernels: moves kernels out of entries; equal ones become one.
//
//   %y = kernel.fused "elementwise"(%a) inplace [-1] schedule <...> { exp }
//   %z = kernel.fused "elementwise"(%b) inplace [-1] schedule <...> { exp }
//     =>
//   kernel.def @elementwise_0 "elementwise" inplace [-1] schedule <...> { exp }
//   %y = kernel.call @elementwise_0(%a)
//   %z = kernel.call @elementwise_0(%b)
//
// Kernels are equal when region, types, in-place map and schedule are; locations do not count.
#include "ir/kernel_region.h"
#include "passes/passes.h"

using namespace mlir;

namespace ashlar {

#define GEN_PASS_DEF_OUTLINEKERNELS
#include "passes/passes.h.inc"

namespace {

struct OutlineKernelsPass : impl::OutlineKernelsBase<OutlineKernelsPass> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    SmallVector<kernel::FusedOp> kernels;
    getOperation().walk([&](kernel::FusedOp fused) { kernels.push_back(fused); });
    OpBuilder builder = OpBuilder::atBlockBegin(getOperation().getBody());
    for (kernel::FusedOp fused : kernels) {
      if (!fused.getScheduleAttr()) {
        fused.emitOpError("has no schedule");
        return signalPassFailure();
      }
      auto [slot, is_new] = names_.try_emplace(text_of(fused));
      if (is_new)
        slot->second = define(builder, fused);
      OpBuilder at_call(fused);
      auto call = kernel::CallOp::create(at_call, fused.getLoc(), fused.getResultTypes(),
                                         slot->second.getValue(), fused.getInputs(),
                                         fused.getCostAttr(), fused.getScalarsAttr());
      fused.replaceAllUsesWith(call.getOutputs());
      fused.erase();
    }
    names_.clear();
  }

private:
  // The kernel as text, without what differs between equal ones: operand names, cost, scalars,
  // locations.
  static std::string text_of(kernel::FusedOp fused) {
    std::string text = kernel::region_text(kernel::view_of(fused));
    llvm::raw_string_ostream(text) << '\n' << fused.getScheduleAttr();
    return text;
  }

  FlatSymbolRefAttr define(OpBuilder& builder, kernel::FusedOp fused) {
    const std::string name = (fused.getRoot() + "_" + Twine(counts_[fused.getRoot()]++)).str();
    auto def =
        kernel::DefOp::create(builder, fused.getLoc(), builder.getStringAttr(name),
                              fused.getRootAttr(), fused.getInplaceAttr(), fused.getScheduleAttr(),
                              /*pushed=*/nullptr, /*texels=*/nullptr);
    def.getBody().takeBody(fused.getBody());
    fused.getBody().emplaceBlock();
    return FlatSymbolRefAttr::get(builder.getContext(), name);
  }

  llvm::StringMap<FlatSymbolRefAttr> names_;
  llvm::StringMap<std::size_t> counts_;
};

}  // namespace
}  // namespace ashlar
