// SPDX-License-Identifier: Apache-2.0
// Contents of array constants as the device stores them.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace ashlar {

// Row-major little-endian elements, bool as one byte each. Nothing for a kind of attribute whose
// bytes are not at hand.
std::optional<std::vector<std::int8_t>> constant_bytes(mlir::ElementsAttr value);

}  // namespace ashlar
