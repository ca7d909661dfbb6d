// SPDX-License-Identifier: Apache-2.0
// Identifies the compiler that was built: a hash of its sources, and the MLIR version. Part of
// cache keys, since another compiler may make other code of the same IR.
#pragma once

#include <string_view>

namespace ashlar::codegen {

std::string_view build_id();

}  // namespace ashlar::codegen
