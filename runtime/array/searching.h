// SPDX-License-Identifier: Apache-2.0
// Positions in sorted arrays, and partial orders.
#pragma once

#include "runtime/array/array.h"

#include <vector>

namespace ashlar {

// How many elements of a sorted vector are less than each value (or at most it, with `right`):
// where the value would go. i32, in the shape of `values`; NaN sorts last.
Array searchsorted(const Operand& sorted, const Operand& values, bool right = false);

// Element `kth` stands where sorting puts it, none larger before it and none smaller after it.
// (Both sort completely.)
Array partition(const Operand& input, std::int64_t kth, int axis = -1);
Array argpartition(const Operand& input, std::int64_t kth, int axis = -1);

// Positions of the elements that are not 0, in row-major order: one vector (i32) per axis. Their
// number depends on the values, so the input is evaluated and read: not within a trace or
// transform.
std::vector<Array> nonzero(const Operand& input);
// The elements where the mask, of the input's shape, holds, as a vector; reads the mask as above.
Array masked_select(const Operand& input, const Array& mask);

}  // namespace ashlar
