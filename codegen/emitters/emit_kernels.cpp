// SPDX-License-Identifier: Apache-2.0
// The pass around emit_kernel, for tests and for looking at kernel IR.
#include "codegen/emitters/emitter.h"
#include "codegen/passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace ashlar::codegen {

#define GEN_PASS_DEF_EMITKERNELS
#include "codegen/passes.h.inc"

namespace {

struct EmitKernels final : impl::EmitKernelsBase<EmitKernels> {
  using EmitKernelsBase::EmitKernelsBase;

  LogicalResult replace(kernel::DefOp def, const DeviceProfile& device) {
    FailureOr<EmittedKernel> emitted = emit_kernel(def, device);
    if (failed(emitted))
      return failure();
    auto kernel = *emitted->module->getOps<gpu::GPUModuleOp>().begin();
    SmallVector<std::int32_t> workgroups;
    for (std::uint32_t count : emitted->workgroups)
      workgroups.push_back(static_cast<std::int32_t>(count));
    kernel->setAttr("ashlar.workgroups", DenseI32ArrayAttr::get(&getContext(), workgroups));
    kernel->moveBefore(def);
    def.erase();
    return success();
  }

  void runOnOperation() override {
    auto device = find_profile_fixture(profile.getValue());
    if (!device) {
      getOperation().emitError("no device profile named \"") << profile.getValue() << '"';
      return signalPassFailure();
    }
    bool failed_any = false;
    for (kernel::DefOp def : llvm::make_early_inc_range(getOperation().getOps<kernel::DefOp>()))
      failed_any |= failed(replace(def, *device));
    if (failed_any)
      signalPassFailure();
  }
};

}  // namespace
}  // namespace ashlar::codegen
