// SPDX-License-Identifier: Apache-2.0
// Pooling and resizing over any number of spatial axes; channels are last: [N, spatial..., C].
#pragma once

#include "runtime/array/array.h"

#include <vector>

namespace ashlar {

// One number per spatial axis; an empty list means the default on all of them.
struct PoolingOptions {
  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> stride{};   // the kernel
  std::vector<std::int64_t> padding{};  // at both ends: 0
};

// The largest element of each window; padding never wins. Throws InvalidArgument for kernels that
// do not fit.
Array max_pool(const Operand& input, const PoolingOptions& options);
// The mean of each window; padding counts as 0.
Array avg_pool(const Operand& input, const PoolingOptions& options);

enum class Interpolation { nearest, linear, cubic };

// Resizes the spatial axes to `sizes`. Pixel i of n covers [i, i + 1) / n of the axis, and values
// belong to the middles of pixels; with `align_corners` the middles of the first and last pixels
// stay in place. Cubic weights are Keys' with a = -0.75. Borders repeat.
Array interpolate(const Operand& input, const std::vector<std::int64_t>& sizes,
                  Interpolation method = Interpolation::linear, bool align_corners = false);

}  // namespace ashlar
