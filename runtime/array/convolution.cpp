// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/convolution.h"

#include "runtime/array/contraction.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <utility>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

Dims per_axis(const Dims& values, int axes, std::int64_t otherwise, std::int64_t least,
              std::string_view what) {
  if (values.empty())
    return Dims(static_cast<std::size_t>(axes), otherwise);
  if (static_cast<int>(values.size()) != axes)
    throw InvalidArgument("convolution", "{}: expected {} numbers, got {}", what, axes,
                          values.size());
  if (std::ranges::any_of(values, [&](std::int64_t v) { return v < least; }))
    throw InvalidArgument("convolution", "{}: expected {} or more", what, least);
  return values;
}

// The options with every list filled in.
ConvolutionOptions filled(ConvolutionOptions o, int axes) {
  o.stride = per_axis(o.stride, axes, 1, 1, "stride");
  o.padding = per_axis(o.padding, axes, 0, 0, "padding");
  o.dilation = per_axis(o.dilation, axes, 1, 1, "dilation");
  o.input_dilation = per_axis(o.input_dilation, axes, 1, 1, "input_dilation");
  if (o.padding_high.empty())
    o.padding_high = o.padding;
  o.padding_high = per_axis(o.padding_high, axes, 0, 0, "padding_high");
  return o;
}

void check_shapes(const Array& x, const Array& weight, std::int64_t groups) {
  if (x.rank() < 3 || weight.rank() != x.rank())
    throw InvalidArgument("convolution", "input {} and weight {} need the same rank, 3 or more",
                          x.shape().to_string(), weight.shape().to_string());
  if (groups < 1 || x.dim(-1) != weight.dim(-1) * groups || weight.dim(0) % groups != 0)
    throw InvalidArgument("convolution", "input {} and weight {} disagree for {} groups",
                          x.shape().to_string(), weight.shape().to_string(), groups);
}

Dims spatial(const Array& x) {
  const Dims& dims = x.shape().dims();
  return Dims(dims.begin() + 1, dims.end() - 1);
}

// Zeros between the elements and around them.
Array widened(const Array& x, const ConvolutionOptions& o) {
  Dims into = x.shape().dims(), starts(into.size(), 0), steps(into.size(), 1);
  Dims low(into.size(), 0), high(into.size(), 0);
  for (std::size_t i = 0; i < o.stride.size(); ++i) {
    steps[i + 1] = o.input_dilation[i];
    into[i + 1] = (into[i + 1] - 1) * o.input_dilation[i] + 1;
    low[i + 1] = o.padding[i];
    high[i + 1] = o.padding_high[i];
  }
  return pad(place_slice(x, Shape(into), starts, steps), low, high);
}

// One axis as [positions, kernel].
Array windows_of_axis(const Array& x, int axis, std::int64_t kernel, std::int64_t stride,
                      std::int64_t dilation) {
  const std::int64_t reach = (kernel - 1) * dilation + 1;
  if (reach > x.dim(axis))
    throw InvalidArgument("convolution", "a window of {} does not fit an axis of {}", reach,
                          x.dim(axis));
  const std::int64_t positions = (x.dim(axis) - reach) / stride + 1;
  std::vector<Index> indices(static_cast<std::size_t>(x.rank()), Slice());
  std::vector<Array> taps;
  for (std::int64_t tap = 0; tap < kernel; ++tap) {
    const std::int64_t start = tap * dilation;
    indices[static_cast<std::size_t>(axis)] =
        Slice(start, start + (positions - 1) * stride + 1).by(stride);
    taps.push_back(index(x, indices));
  }
  return stack(taps, axis + 1);
}

// Rows [..., kernel..., C] by weight [O, kernel..., C / groups].
Array multiply(const Array& rows, const Array& weight, std::int64_t groups) {
  const std::int64_t out = weight.dim(0), taps = weight.size() / (out * weight.dim(-1)),
                     channels = weight.dim(-1);
  if (groups == 1)
    return linear(reshape(rows, {-1, taps * channels}), reshape(weight, {out, -1}));
  const Array apart = transpose(reshape(rows, {-1, taps, groups, channels}), {2, 0, 1, 3});
  const Array kernels = transpose(reshape(weight, {groups, out / groups, -1}), {0, 2, 1});
  return reshape(transpose(matmul(flatten(apart, 2, 3), kernels), {1, 0, 2}), {-1, out});
}

}  // namespace

Array windows(const Array& input, const Dims& kernel, const Dims& stride, const Dims& dilation) {
  const int axes = static_cast<int>(kernel.size());
  Array x = input;
  for (int i = axes - 1; i >= 0; --i) {
    const auto at = static_cast<std::size_t>(i);
    x = windows_of_axis(x, i + 1, kernel[at], stride[at], dilation[at]);
  }
  // [N, p, k, p, k, ..., C] to [N, p..., k..., C]
  Ints order{0};
  for (int offset : {1, 2})
    for (int i = 0; i < axes; ++i)
      order.push_back(2 * i + offset);
  order.push_back(2 * axes + 1);
  return transpose(x, order);
}

Array convolution(const Operand& input, const Array& weight, const ConvolutionOptions& options) {
  const WrittenAt at(input.where());
  const Array given = input.array();
  check_shapes(given, weight, options.groups);
  const DType dtype = float_dtype(promote(given.dtype(), weight.dtype()));
  const Array x = convert(given, dtype);
  Array kernel = convert(weight, dtype);
  const int axes = x.rank() - 2;
  const ConvolutionOptions o = filled(options, axes);
  for (int i = 0; o.flip && i < axes; ++i)
    kernel = flip(kernel, i + 1);
  const Array rows = windows(widened(x, o), spatial(weight), o.stride, o.dilation);
  Dims dims(rows.shape().dims().begin(), rows.shape().dims().begin() + axes + 1);
  dims.push_back(weight.dim(0));
  return reshape(multiply(rows, kernel, o.groups), Shape(dims));
}

Array convolution_transpose(const Operand& input, const Array& weight,
                            const ConvolutionOptions& options, const Dims& output_padding) {
  const WrittenAt at(input.where());
  check_shapes(input.array(), weight, options.groups);
  const int axes = weight.rank() - 2;
  ConvolutionOptions o = filled(options, axes);
  const Dims extra = per_axis(output_padding, axes, 0, 0, "output_padding"),
             kernel = spatial(weight);
  for (std::size_t i = 0; i < kernel.size(); ++i) {
    const std::int64_t reach = (kernel[i] - 1) * o.dilation[i];
    o.padding[i] = reach - o.padding[i];
    o.padding_high[i] = reach - o.padding_high[i] + extra[i];
  }
  o.input_dilation = std::exchange(o.stride, {});
  o.flip = !o.flip;
  return convolution(input, weight, o);
}

Array convolve(const Operand& signal, const Operand& kernel, bool full) {
  const WrittenAt at(signal.where());
  const Array x = signal.array(), k = kernel.array();
  if (x.rank() != 1 || k.rank() != 1 || k.size() == 0 || x.size() < k.size())
    throw InvalidArgument("convolve",
                          "needs a vector and a kernel no longer than it, got {} and {}",
                          x.shape().to_string(), k.shape().to_string());
  ConvolutionOptions options{.flip = true};
  if (full)
    options.padding = {k.size() - 1};
  const Array result = convolution(reshape(x, {1, -1, 1}), reshape(k, {1, -1, 1}), options);
  return flatten(result);
}

}  // namespace ashlar
