// SPDX-License-Identifier: Apache-2.0
// Positions in sorted arrays, and partial orders.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

// How many elements of a sorted vector are less than each value (or at most it, with `right`):
// where the value would go. i32, in the shape of `values`; NaN sorts last.
Array searchsorted(const Operand& sorted, const Operand& values, bool right = false);

// Element `kth` stands where sorting puts it, none larger before it and none smaller after it.
// (Both sort completely.)
Array partition(const Operand& input, std::int64_t kth, int axis = -1);
Array argpartition(const Operand& input, std::int64_t kth, int axis = -1);

}  // namespace ashlar
