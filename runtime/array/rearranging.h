// SPDX-License-Identifier: Apache-2.0
// Repetition, shifts, borders and common shapes.
#pragma once

#include "runtime/array/movement.h"

namespace ashlar {

// The whole array `counts[i]` times along axis i; missing leading counts or axes are 1.
Array tile(const Operand& input, const std::vector<std::int64_t>& counts);
// Elements move `shift` places along `axis`, and from the end to the start.
Array roll(const Operand& input, std::int64_t shift, int axis);
// Of the flattened array.
Array roll(const Operand& input, std::int64_t shift);

// What a border repeats: the last element, the elements in reverse without or with the last one, or
// the elements from the other end.
enum class Border { edge, reflect, symmetric, wrap };
Array pad(const Operand& input, const std::vector<std::int64_t>& low,
          const std::vector<std::int64_t>& high, Border border);

// Coordinate arrays of a grid. `xy`: the first two axes are swapped, as in plots.
std::vector<Array> meshgrid(const std::vector<Array>& axes, bool xy = true,
                            std::source_location where = std::source_location::current());
// All in their common shape.
std::vector<Array> broadcast_arrays(const std::vector<Array>& inputs,
                                    std::source_location where = std::source_location::current());
// Rows along `axis`, without it.
std::vector<Array> unstack(const Operand& input, int axis = 0);
// At least that many axes; new ones as NumPy places them.
Array atleast_1d(const Operand& input);
Array atleast_2d(const Operand& input);
Array atleast_3d(const Operand& input);

// Element i of the result is element offset + sum(i * strides) of the flattened input: a copy, not
// a view. Throws InvalidArgument where that lies outside.
Array as_strided(const Operand& input, const Shape& shape, const std::vector<std::int64_t>& strides,
                 std::int64_t offset = 0);

Array zeros_like(const Operand& input);
Array ones_like(const Operand& input);
Array full_like(const Operand& input, const Operand& value);

}  // namespace ashlar
