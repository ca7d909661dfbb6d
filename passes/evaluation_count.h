// SPDX-License-Identifier: Apache-2.0
// How much code one element of a virtual value takes.
#pragma once

#include "mlir/IR/Value.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstddef>

namespace ashlar {

// Operations that an emitter writes to compute one element of `value`: ops behind it, counted once
// for each index at which they are needed, since index maps such as slices and concats ask for
// other elements than their users. Stops at stored values and at reductions, which run before.
// Counts no further than `limit`.
std::size_t evaluation_count(mlir::Value value, std::size_t limit,
                             llvm::function_ref<bool(mlir::Value)> is_stored);

}  // namespace ashlar
