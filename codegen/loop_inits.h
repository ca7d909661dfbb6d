// SPDX-License-Identifier: Apache-2.0
// Repairs scf.for after conversion. MLIR 22 passes a loop's results through Function variables that
// only the loop's body writes, so that a loop without iterations would yield undefined values. Here
// the variables receive the initial values before the loop. (The merge op cannot yield them
// instead: the serialiser loses a loop result that an enclosing loop carries.)
#pragma once

#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

namespace ashlar::codegen {

// Must run on fresh conversion output: canonicalisation removes loop arguments that it needs.
// Fails, with a diagnostic, on a loop whose result variables it cannot match to initial values.
mlir::LogicalResult store_loop_inits(mlir::spirv::ModuleOp module);

}  // namespace ashlar::codegen
