// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/pooling.h"

#include "runtime/array/convolution.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

int spatial_rank(const char* name, const Array& x) {
  if (x.rank() < 3)
    throw InvalidArgument(name, "expected [N, spatial..., C], got {}", x.shape().to_string());
  return x.rank() - 2;
}

Dims or_default(const char* name, const Dims& given, const Dims& standard) {
  if (!given.empty() && given.size() != standard.size())
    throw InvalidArgument(name, "expected {} numbers, one per spatial axis, got {}",
                          standard.size(), given.size());
  return given.empty() ? standard : given;
}

// [N, positions..., kernel..., C], and the kernel's axes.
std::pair<Array, Ints> pooled(const char* name, const Array& x, const PoolingOptions& options,
                              double border) {
  const int spatial = spatial_rank(name, x);
  const Dims ones(static_cast<std::size_t>(spatial), 1), zeros(ones.size(), 0);
  if (options.kernel.size() != ones.size())
    throw InvalidArgument(name, "expected a kernel of {} extents, got {}", spatial,
                          options.kernel.size());
  const Dims padding = or_default(name, options.padding, zeros),
             stride = or_default(name, options.stride, options.kernel);
  Dims around{0};
  around.insert(around.end(), padding.begin(), padding.end());
  around.push_back(0);
  Ints axes;
  for (int i = 0; i < spatial; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (options.kernel[at] < 1 || stride[at] < 1 || padding[at] < 0 ||
        2 * padding[at] > options.kernel[at] || x.dim(i + 1) + 2 * padding[at] < options.kernel[at])
      throw InvalidArgument(name, "kernel {}, stride {} and padding {} do not fit axis {} of {}",
                            options.kernel[at], stride[at], padding[at], i + 1,
                            x.shape().to_string());
    axes.push_back(1 + spatial + i);
  }
  return {windows(pad(x, around, around, border), options.kernel, stride, ones), axes};
}

// Which elements of an axis make a new one, and with what weights.
struct Tap {
  std::vector<std::int32_t> index;
  std::vector<float> weight;
};

double keys_cubic(double x) {
  constexpr double a = -0.75;
  x = std::abs(x);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

double weight_of(Interpolation method, double distance) {
  return method == Interpolation::linear ? std::max(0.0, 1 - std::abs(distance))
                                         : keys_cubic(distance);
}

// The place of the new pixel among the old ones, whose middles are whole numbers.
double source_of(std::int64_t i, std::int64_t from, std::int64_t to, Interpolation method,
                 bool align_corners) {
  if (align_corners)
    return to == 1 ? 0 : static_cast<double>(i * (from - 1)) / static_cast<double>(to - 1);
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  if (method == Interpolation::nearest)
    return std::floor(static_cast<double>(i) * scale);
  const double source = (static_cast<double>(i) + 0.5) * scale - 0.5;
  return method == Interpolation::linear ? std::max(source, 0.0) : source;
}

std::vector<Tap> taps(std::int64_t from, std::int64_t to, Interpolation method,
                      bool align_corners) {
  const std::int64_t first = method == Interpolation::cubic ? -1 : 0,
                     last = method == Interpolation::nearest  ? 0
                            : method == Interpolation::linear ? 1
                                                              : 2;
  std::vector<Tap> result(static_cast<std::size_t>(last - first + 1));
  for (std::int64_t i = 0; i < to; ++i) {
    double source = source_of(i, from, to, method, align_corners);
    if (method == Interpolation::nearest)
      source = std::nearbyint(source);
    const auto base = static_cast<std::int64_t>(std::floor(source));
    for (std::int64_t t = first; t <= last; ++t) {
      Tap& tap = result[static_cast<std::size_t>(t - first)];
      tap.index.push_back(
          static_cast<std::int32_t>(std::clamp<std::int64_t>(base + t, 0, from - 1)));
      tap.weight.push_back(
          static_cast<float>(weight_of(method, source - static_cast<double>(base + t))));
    }
  }
  return result;
}

Array resized(const Array& x, int axis, std::int64_t size, Interpolation method,
              bool align_corners) {
  Dims along(static_cast<std::size_t>(x.rank()), 1);
  along[static_cast<std::size_t>(axis)] = size;
  std::optional<Array> total;
  for (const Tap& tap : taps(x.dim(axis), size, method, align_corners)) {
    const Array chosen = take(x, array(std::span<const std::int32_t>(tap.index), {size}), axis);
    if (method == Interpolation::nearest)
      return chosen;
    const Array weighted = chosen * array(std::span<const float>(tap.weight), Shape(along));
    total = total ? *total + weighted : weighted;
  }
  return *total;
}

}  // namespace

Array max_pool(const Operand& input, const PoolingOptions& options) {
  const WrittenAt at(input.where());
  const Array given = input.array();
  const Array x = convert(given, float_dtype(given.dtype()));
  const auto [views, axes] =
      pooled("max_pool", x, options, -std::numeric_limits<double>::infinity());
  return max(views, axes);
}

Array avg_pool(const Operand& input, const PoolingOptions& options) {
  const WrittenAt at(input.where());
  const auto [views, axes] = pooled("avg_pool", input.array(), options, 0);
  return mean(views, axes);
}

Array interpolate(const Operand& input, const std::vector<std::int64_t>& sizes,
                  Interpolation method, bool align_corners) {
  const WrittenAt at(input.where());
  const Array given = input.array();
  const int spatial = spatial_rank("interpolate", given);
  if (static_cast<int>(sizes.size()) != spatial ||
      std::ranges::any_of(sizes, [](std::int64_t size) { return size < 1; }))
    throw InvalidArgument("interpolate", "expected {} positive sizes for {}", spatial,
                          given.shape().to_string());
  Array x = method == Interpolation::nearest ? given : convert(given, DType::f32);
  for (int axis = 0; axis < spatial; ++axis)
    x = resized(x, axis + 1, sizes[static_cast<std::size_t>(axis)], method, align_corners);
  return convert(x, method == Interpolation::nearest ? given.dtype() : float_dtype(given.dtype()));
}

}  // namespace ashlar
