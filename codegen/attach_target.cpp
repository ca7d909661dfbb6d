// SPDX-License-Identifier: Apache-2.0
#include "codegen/passes.h"
#include "codegen/target.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"

using namespace mlir;

namespace ashlar::codegen {

#define GEN_PASS_DEF_ATTACHTARGET
#include "codegen/passes.h.inc"

namespace {

struct AttachTarget final : impl::AttachTargetBase<AttachTarget> {
  using AttachTargetBase::AttachTargetBase;

  void runOnOperation() override {
    auto device = find_profile_fixture(profile.getValue());
    if (!device) {
      getOperation().emitError("no device profile named \"") << profile.getValue() << '"';
      return signalPassFailure();
    }
    getOperation()->setAttr(spirv::getTargetEnvAttrName(), target_env(&getContext(), *device));
  }
};

}  // namespace
}  // namespace ashlar::codegen
