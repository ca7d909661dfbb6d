// SPDX-License-Identifier: Apache-2.0
// The SPIR-V target environment of a device: the capabilities its profile reports, and no others.
// It is what a kernel may use; a finished module lists only what it does use.
#pragma once

#include "runtime/program/device_profile.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"

namespace ashlar::codegen {

// `subgroup_size`: the size a kernel requires, or 0 for the profile's own.
mlir::spirv::TargetEnvAttr target_env(mlir::MLIRContext* context, const DeviceProfile& profile,
                                      std::uint32_t subgroup_size = 0);

}  // namespace ashlar::codegen
