// SPDX-License-Identifier: Apache-2.0
// From kernel IR to SPIR-V words.
//
// Kernel IR (level L5) is a builtin.module that holds one gpu.module with one gpu.func: a kernel
// without arguments, with spirv.entry_point_abi, over the gpu, scf, arith, math, memref and vector
// dialects and kernel.buffer/kernel.scalar. The function's name becomes the entry point's.
#pragma once

#include "runtime/program/device_profile.h"

#include "mlir/IR/BuiltinOps.h"

#include <cstdint>
#include <vector>

namespace mlir {
class OpPassManager;
}

namespace ashlar::codegen {

// Passes that simplify kernel IR, expand math and convert to one final spirv.module. The module
// must carry its target (see set_target).
void build_kernel_pipeline(mlir::OpPassManager& passes);

// Lowers modules of one context in place, on its threads, and serialises them in their order.
// Throws ashlar::Error with the compiler's diagnostics, also in that order, when some IR is invalid
// or needs something that the profile lacks.
std::vector<std::vector<std::uint32_t>> lower_kernels(llvm::ArrayRef<mlir::ModuleOp> modules,
                                                      const DeviceProfile& profile);
std::vector<std::uint32_t> lower_kernel(mlir::ModuleOp module, const DeviceProfile& profile);

}  // namespace ashlar::codegen
