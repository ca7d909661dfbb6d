// SPDX-License-Identifier: Apache-2.0
// The SPIR-V target environment of a device: the capabilities its profile reports, and no others.
// It is what a kernel may use; a finished module lists only what it does use.
#pragma once

#include "runtime/program/device_profile.h"

#include "mlir/IR/BuiltinOps.h"

namespace ashlar::codegen {

// Dictionary on a module that is lowered: the float controls (spirv.execution_mode attributes) that
// the device offers, under "f16" and "f32". spirv.target_env has no place for widths.
inline constexpr llvm::StringLiteral kFloatControls = "kernel.float_controls";

// Sets spirv.target_env and kernel.float_controls. `subgroup_size`: the size a kernel requires, or
// 0 for the profile's own.
void set_target(mlir::ModuleOp module, const DeviceProfile& profile,
                std::uint32_t subgroup_size = 0);

}  // namespace ashlar::codegen
