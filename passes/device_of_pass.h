// SPDX-License-Identifier: Apache-2.0
// The device of a pass: given by who builds the pipeline, else a fixture that an option names.
#pragma once

#include "runtime/program/device_profile.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"

#include <optional>
#include <string>

namespace ashlar {

// For Pass::initialize: looks `name` up where no device was given; reports a name that is none.
inline mlir::LogicalResult find_device(std::optional<DeviceProfile>& device,
                                       const std::string& name, mlir::MLIRContext* context) {
  if (!device)
    device = find_profile_fixture(name);
  if (!device)
    return mlir::emitError(mlir::UnknownLoc::get(context))
           << "no device profile named \"" << name << '"';
  return mlir::success();
}

}  // namespace ashlar
