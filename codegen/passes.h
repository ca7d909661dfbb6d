// SPDX-License-Identifier: Apache-2.0
// Codegen passes (see codegen/passes.td) and their registration for ashlar-opt.
#pragma once

#include "mlir/Pass/Pass.h"

namespace ashlar::codegen {

#define GEN_PASS_DECL
#include "codegen/passes.h.inc"

// Registers every codegen pass, and the pipeline `ashlar-kernel-to-spirv{profile=NAME}`.
void register_passes();

}  // namespace ashlar::codegen
