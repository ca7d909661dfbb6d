// SPDX-License-Identifier: Apache-2.0
// Sorting and selection along one axis; stable, NaN last.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

Array sort(const Operand& input, int axis = -1, bool descending = false);
Array argsort(const Operand& input, int axis = -1, bool descending = false);
// The k largest, largest first; of equal ones the lower index comes first.
Array topk(const Operand& input, std::int64_t k, int axis = -1);
Array topk_indices(const Operand& input, std::int64_t k, int axis = -1);

}  // namespace ashlar
