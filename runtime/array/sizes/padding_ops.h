// SPDX-License-Identifier: Apache-2.0
// Array code for values whose extents are known when a program runs: such a value is the beginning,
// along each axis, of an array that has room for more. What lies behind it is arbitrary.
#pragma once

#include "runtime/array/array.h"

#include <vector>

namespace ashlar {

// `x` with `fill` (0-d) behind the first `extent` (0-d, i32) indices of an axis.
Array masked(const Array& x, std::int64_t axis, const Array& extent, const Array& fill);

// The value of the given extents (0-d, i32, one for each axis) as the beginning of a flat array of
// x's size, without gaps; and back, into an array of `shape`.
Array packed(const Array& x, const std::vector<Array>& extents);
Array unpacked(const Array& flat, const Shape& shape, const std::vector<Array>& extents);

// What no element of a type lies below (-inf, the least integer, false), or above.
Array lowest(DType dtype);
Array highest(DType dtype);

}  // namespace ashlar
