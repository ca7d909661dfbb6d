// SPDX-License-Identifier: Apache-2.0
// Order statistics, counts and running results.
#pragma once

#include "runtime/array/reductions.h"

namespace ashlar {

// The middle element, or the mean of the two; NaN if any is. Without an axis: of the flattened
// array.
Array median(const Operand& input, std::optional<int> axis = std::nullopt, bool keepdims = false);
// i32.
Array count_nonzero(const Operand& input, const Axes& axes = {}, bool keepdims = false);
// Differences of neighbours along `axis`, n times.
Array diff(const Operand& input, int n = 1, int axis = -1);

// Running results along `axis`, of log2(n) passes each.
Array cumprod(const Operand& input, int axis, bool reverse = false, bool inclusive = true);
Array cummax(const Operand& input, int axis, bool reverse = false, bool inclusive = true);
Array cummin(const Operand& input, int axis, bool reverse = false, bool inclusive = true);
Array logcumsumexp(const Operand& input, int axis, bool reverse = false, bool inclusive = true);

}  // namespace ashlar
