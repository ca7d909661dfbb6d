// SPDX-License-Identifier: Apache-2.0
// From a scheduled kernel region (level L3) to kernel IR (level L5): one gpu.module with one
// gpu.func over gpu, scf, memref, vector, arith, math and kernel.buffer.
#pragma once

#include "ir/kernel_dialect.h"
#include "runtime/program/device_profile.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <array>
#include <cstdint>

namespace ashlar::codegen {

struct EmittedKernel {
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::array<std::uint32_t, 3> workgroups;
  std::array<std::uint32_t, 3> workgroup_size;
  std::uint32_t subgroup_size;  // required; 0 where any will do
};

// Emits `kernel` as its schedule says. On failure a diagnostic names the op that does not fit.
mlir::FailureOr<EmittedKernel> emit_kernel(kernel::DefOp kernel, const DeviceProfile& profile);

}  // namespace ashlar::codegen
