// SPDX-License-Identifier: Apache-2.0
// Scope names ("layers.3.self_attn.q_proj") in and out of locations.
#pragma once

#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"

#include <cstdint>
#include <optional>
#include <string>

namespace ashlar {

// The scope of a location; of several, what they share: "mlp.gate_proj" and "mlp.up_proj" give
// "mlp.gate_proj+up_proj", others their common prefix, and those without one "sampler+step".
std::string scope_of(mlir::Location location);

// One location for code that came from several; duplicates are dropped.
mlir::Location fuse_locations(mlir::MLIRContext* context, mlir::ArrayRef<mlir::Location> locations);

// N for a scope with a component sequence "layers.N"; nothing outside layers.
std::optional<std::int64_t> layer_of(llvm::StringRef scope);

}  // namespace ashlar
