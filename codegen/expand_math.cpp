// SPDX-License-Identifier: Apache-2.0
#include "codegen/passes.h"

using namespace mlir;

namespace ashlar::codegen {

#define GEN_PASS_DEF_EXPANDMATH
#include "codegen/passes.h.inc"

namespace {
struct ExpandMath final : impl::ExpandMathBase<ExpandMath> {
  void runOnOperation() override {}
};
}  // namespace
}  // namespace ashlar::codegen
