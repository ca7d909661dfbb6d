// SPDX-License-Identifier: Apache-2.0
// Shape changes. None of them copies: each is an index map that its consumers fold in. Negative
// axes count from the back.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

using Ints = std::vector<int>;

// One dimension may be -1: what is left over.
Array reshape(const Operand& input, const Shape& shape);
// Joins axes first..last.
Array flatten(const Operand& input, int first = 0, int last = -1);
// Splits one axis into several; one of them may be -1.
Array unflatten(const Operand& input, int axis, const Shape& shape);
// Without a permutation: all axes reversed.
Array transpose(const Operand& input);
Array transpose(const Operand& input, const Ints& permutation);
Array swapaxes(const Operand& input, int a, int b);
Array moveaxis(const Operand& input, int source, int destination);
Array expand_dims(const Operand& input, int axis);
// Removes axes of size 1: all of them, or the one given.
Array squeeze(const Operand& input);
Array squeeze(const Operand& input, int axis);
Array broadcast_to(const Operand& input, const Shape& shape);
// Surrounds with `value`: `low[i]` elements before and `high[i]` after axis i.
Array pad(const Operand& input, const std::vector<std::int64_t>& low,
          const std::vector<std::int64_t>& high, double value = 0.0);
Array flip(const Operand& input, int axis);
// Each element `count` times in a row along `axis`.
Array repeat(const Operand& input, int count, int axis);

// Inputs are promoted to one element type.
Array concatenate(const std::vector<Array>& inputs, int axis = 0,
                  std::source_location where = std::source_location::current());
Array stack(const std::vector<Array>& inputs, int axis = 0,
            std::source_location where = std::source_location::current());
// Equal parts; throws InvalidArgument when the axis does not divide.
std::vector<Array> split(const Operand& input, int parts, int axis = 0);
// Parts that end at each of `ends`, then the rest.
std::vector<Array> split_at(const Operand& input, const std::vector<std::int64_t>& ends,
                            int axis = 0);

}  // namespace ashlar
