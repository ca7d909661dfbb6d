// SPDX-License-Identifier: Apache-2.0
// Copies of arrays with parts replaced or changed.
#pragma once

#include "runtime/array/array.h"

#include <functional>
#include <vector>

namespace ashlar {

// `input` with the elements at `indices` along `axis` replaced; the other axes of the indices and
// of `values` (which broadcasts to them) agree with the input. Negative indices count from the end,
// those outside the axis are dropped; of values that meet, the later wins.
Array put_along_axis(const Operand& input, const Operand& indices, const Operand& values, int axis);

// `input` with what `index(input, indices)` reads replaced by (or changed with) `values`, which
// broadcast to it.
Array slice_update(const Operand& input, const std::vector<Index>& indices, const Operand& values);
Array slice_add(const Operand& input, const std::vector<Index>& indices, const Operand& values);
Array slice_multiply(const Operand& input, const std::vector<Index>& indices,
                     const Operand& values);
// With any other function of what it reads: slice_apply(x, {0}, [](const Array& row) { ... }).
Array slice_apply(const Operand& input, const std::vector<Index>& indices,
                  const std::function<Array(const Array&)>& function);

}  // namespace ashlar
