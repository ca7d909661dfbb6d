// SPDX-License-Identifier: Apache-2.0
#include "codegen/passes.h"
#include "codegen/target.h"
#include "ir/kernel_dialect.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVDialect.h"

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
    set_target(getOperation(), *device);
  }
};

}  // namespace
}  // namespace ashlar::codegen
