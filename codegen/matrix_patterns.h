// SPDX-License-Identifier: Apache-2.0
// Loads and stores of cooperative matrices. (Upstream's gpu.subgroup_mma ops have no bf16, and no
// memory whose elements differ from the matrix's.)
#pragma once

#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"

namespace ashlar::codegen {

// kernel.matrix_load and kernel.matrix_store to their spirv.KHR counterparts.
void populate_matrix_patterns(const mlir::SPIRVTypeConverter& types,
                              mlir::RewritePatternSet& patterns);

}  // namespace ashlar::codegen
