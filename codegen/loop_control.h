// SPDX-License-Identifier: Apache-2.0
// How a driver is asked to treat the loops of a kernel.
#pragma once

#include "llvm/ADT/StringRef.h"

namespace ashlar::codegen {

// Unit attribute on a kernel's function: drivers are not to unroll its loops. For kernels whose
// time goes into fetching their own code.
inline constexpr llvm::StringLiteral kKeepLoops = "kernel.keep_loops";

}  // namespace ashlar::codegen
