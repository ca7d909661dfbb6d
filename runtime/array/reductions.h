// SPDX-License-Identifier: Apache-2.0
// Reductions and what is made of them. Negative axes count from the back.
#pragma once

#include "runtime/array/array.h"

#include <optional>

namespace ashlar {

// The axes that a reduction removes: all of them, one, or a list.
class Axes {
public:
  Axes() = default;
  Axes(int axis) : axes_(std::vector<int>{axis}) {}
  Axes(std::initializer_list<int> axes) : axes_(std::vector<int>(axes)) {}
  Axes(std::vector<int> axes) : axes_(std::move(axes)) {}

  // Ascending and non-negative. Throws InvalidArgument on repeats and axes outside the rank.
  std::vector<std::int64_t> resolve(int rank) const;

private:
  std::optional<std::vector<int>> axes_;
};

// Sums of bool are i32; otherwise in the input's own type (f32 accumulation inside).
Array sum(const Operand& input, const Axes& axes = {}, bool keepdims = false);
Array prod(const Operand& input, const Axes& axes = {}, bool keepdims = false);
// NaN if any element is; an empty axis is refused.
Array max(const Operand& input, const Axes& axes = {}, bool keepdims = false);
Array min(const Operand& input, const Axes& axes = {}, bool keepdims = false);
// Non-bool inputs mean "not equal to 0".
Array any(const Operand& input, const Axes& axes = {}, bool keepdims = false);
Array all(const Operand& input, const Axes& axes = {}, bool keepdims = false);
// Integers and bool average as f32; 16-bit floats are averaged in f32 and rounded once.
Array mean(const Operand& input, const Axes& axes = {}, bool keepdims = false);
// Divides by n - ddof.
Array var(const Operand& input, const Axes& axes = {}, bool keepdims = false, int ddof = 0);
Array std_dev(const Operand& input, const Axes& axes = {}, bool keepdims = false, int ddof = 0);

// Computed in f32 and rounded once to the input's float type.
Array logsumexp(const Operand& input, const Axes& axes = {}, bool keepdims = false);
Array softmax(const Operand& input, const Axes& axes = -1);

// Index (i32) of the first largest or smallest. Without an axis: of the flattened array.
Array argmax(const Operand& input, std::optional<int> axis = std::nullopt, bool keepdims = false);
Array argmin(const Operand& input, std::optional<int> axis = std::nullopt, bool keepdims = false);

// Running sum along `axis`.
Array cumsum(const Operand& input, int axis, bool reverse = false, bool inclusive = true);

}  // namespace ashlar
