// SPDX-License-Identifier: Apache-2.0
// Basic indexing as in NumPy, and gathers and scatters by index arrays.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

// What basic indices read of an array: a strided slice, then a reshape.
struct SliceRead {
  std::vector<std::int64_t> starts, sizes, steps;
  Shape shape;  // of the result
};
// Throws as `index`.
SliceRead resolve_indices(const Shape& shape, const std::vector<Index>& indices);

// The reverse of a slice: an array of shape `into` with `values` where the slice reads, zeros
// elsewhere.
Array place_slice(const Array& values, const Shape& into, const std::vector<std::int64_t>& starts,
                  const std::vector<std::int64_t>& steps);

// Throws InvalidArgument for too many indices, two ellipses or a number outside its axis.
Array index(const Operand& input, const std::vector<Index>& indices);

// Rows along `axis` chosen by integer indices of any shape. Negative indices count from the end; an
// index outside the axis reads 0.
Array take(const Operand& input, const Operand& indices, int axis = 0);
// One element per index along `axis`; the other axes agree.
Array take_along_axis(const Operand& input, const Operand& indices, int axis);

// `target` with rows along `axis` replaced by (or added with) `updates`. `indices` is 1-D, one per
// row of `updates` along `axis`, or has the rank of `updates` with size 1 where one index serves a
// whole axis. Indices outside the axis drop their row; negative ones do not wrap. Of rows that
// meet, the later one wins.
Array scatter(const Operand& target, const Operand& indices, const Operand& updates, int axis = 0);
Array scatter_add(const Operand& target, const Operand& indices, const Operand& updates,
                  int axis = 0);

}  // namespace ashlar
