// SPDX-License-Identifier: Apache-2.0
// Convolutions over any number of spatial axes, as windows and matrix products. Channels are last:
// inputs are [N, spatial..., C], weights [O, kernel..., C / groups], results [N, spatial..., O].
// As in most of the field, the kernel is not flipped.
#pragma once

#include "runtime/array/array.h"

#include <vector>

namespace ashlar {

// One number per spatial axis; an empty list means the default on all of them.
struct ConvolutionOptions {
  std::vector<std::int64_t> stride;          // 1
  std::vector<std::int64_t> padding;         // zeros at both ends: 0
  std::vector<std::int64_t> dilation;        // distance of the kernel's taps: 1
  std::vector<std::int64_t> input_dilation;  // distance of the input's elements, zeros between: 1
  std::vector<std::int64_t> padding_high;    // zeros at the end, where they differ from `padding`
  std::int64_t groups = 1;
  bool flip = false;  // the kernel backwards
};

// Throws InvalidArgument for shapes that do not agree and kernels larger than the padded input.
Array convolution(const Operand& input, const Array& weight,
                  const ConvolutionOptions& options = {});

// What undoes the shape of a convolution with these options (input_dilation unused): weights are
// [O, kernel..., C / groups] with O the channels of the result. `output_padding` is added at the
// end.
Array convolution_transpose(const Operand& input, const Array& weight,
                            const ConvolutionOptions& options = {},
                            const std::vector<std::int64_t>& output_padding = {});

// Numpy's convolve of two vectors: full (n + m - 1), or the part where they overlap completely.
Array convolve(const Operand& signal, const Operand& kernel, bool full = true);

// Windows of x [N, spatial..., C]: [N, positions..., kernel..., C].
Array windows(const Array& input, const std::vector<std::int64_t>& kernel,
              const std::vector<std::int64_t>& stride, const std::vector<std::int64_t>& dilation);

}  // namespace ashlar
