// SPDX-License-Identifier: Apache-2.0
// Reverse and forward mode over traced functions.
#pragma once

#include "runtime/array/transforms/traced_function.h"

#include <optional>

namespace ashlar {

// One for each parameter, operand or result; absent where none flows.
using Derivatives = std::vector<std::optional<Array>>;

// Reverse mode: what reaches each parameter when `cotangents`, of the results' types, flow back.
Derivatives pull_back(const TracedFunction& function, const Arrays& cotangents);

// Forward mode: what reaches each result when `tangents` enter at the parameters.
Derivatives push_forward(const TracedFunction& function, const Derivatives& tangents);

}  // namespace ashlar
