// SPDX-License-Identifier: Apache-2.0
// Kernels written by hand: kernel IR (level L5) as text.
#pragma once

#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include "mlir/IR/BuiltinOps.h"

#include <string_view>

namespace ashlar::codegen {

// The only gpu.func of `module`, which needs spirv.entry_point_abi with a workgroup size. Rewrites
// the module. Numbers of arguments and scalars are the caller's to fill in. Throws InvalidArgument
// where there is no such function, ashlar::Error with diagnostics where it cannot be lowered.
Kernel compile_kernel_ir(mlir::ModuleOp module, const DeviceProfile& profile);

// The same from text. Throws ashlar::Error with diagnostics where it cannot be read.
Kernel compile_kernel_text(std::string_view text, const DeviceProfile& profile);

}  // namespace ashlar::codegen
