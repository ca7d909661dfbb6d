// SPDX-License-Identifier: Apache-2.0
// From the plan dialect (level L4) to the program value (level L7).
#pragma once

#include "runtime/program/program.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

#include <array>
#include <cstdint>

namespace ashlar::codegen {

// A kernel of the program and the grid that each of its dispatches runs. That of a strided kernel
// follows from its scalars instead.
struct PlacedKernel {
  std::uint32_t index;
  std::array<std::uint32_t, 3> workgroups;
  std::uint32_t workgroup_size;
};

// Everything of the program but its kernels, which the plan's dispatches name. Throws ashlar::Error
// on a plan that no pass should have made.
Program translate_plan(mlir::ModuleOp module, const llvm::StringMap<PlacedKernel>& kernels);

}  // namespace ashlar::codegen
