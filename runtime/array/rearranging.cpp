// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/rearranging.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

std::int64_t modulo(std::int64_t a, std::int64_t b) {
  return (a % b + b) % b;
}

// The element that a border shows at `position`, which may lie outside [0, extent).
std::int64_t shown(std::int64_t position, std::int64_t extent, Border border) {
  const std::int64_t period = 2 * extent - (border == Border::reflect ? 2 : 0);
  switch (border) {
  case Border::edge:
    return std::clamp<std::int64_t>(position, 0, extent - 1);
  case Border::wrap:
    return modulo(position, extent);
  case Border::reflect:
  case Border::symmetric:
    break;
  }
  const std::int64_t at = period == 0 ? 0 : modulo(position, period);
  return at < extent ? at : period - at - (border == Border::symmetric ? 1 : 0);
}

Array pad_axis(const Array& x, int axis, std::int64_t low, std::int64_t high, Border border) {
  if (low < 0 || high < 0)
    throw InvalidArgument("pad", "negative padding on axis {}", axis);
  if (low == 0 && high == 0)
    return x;
  const std::int64_t extent = x.dim(axis);
  if (extent == 0)
    throw InvalidArgument("pad", "axis {} is empty: its border has nothing to repeat", axis);
  std::vector<std::int32_t> indices;
  for (std::int64_t i = -low; i < extent + high; ++i)
    indices.push_back(static_cast<std::int32_t>(shown(i, extent, border)));
  return take(x, array(std::span<const std::int32_t>(indices), {extent + low + high}), axis);
}

}  // namespace

Array tile(const Operand& input, const Dims& counts) {
  const WrittenAt at(input.where());
  Array x = input.array();
  Dims times = counts, dims = x.shape().dims();
  const std::size_t rank = std::max(times.size(), dims.size());
  times.insert(times.begin(), rank - times.size(), 1);
  dims.insert(dims.begin(), rank - dims.size(), 1);
  Dims apart, repeated, joined;
  for (std::size_t i = 0; i < rank; ++i) {
    if (times[i] < 0)
      throw InvalidArgument("tile", "counts must not be negative, got {}", times[i]);
    apart.insert(apart.end(), {1, dims[i]});
    repeated.insert(repeated.end(), {times[i], dims[i]});
    joined.push_back(times[i] * dims[i]);
  }
  return reshape(broadcast(reshape(x, Shape(apart)), Shape(repeated)), Shape(joined));
}

Array roll(const Operand& input, std::int64_t shift, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const std::int64_t extent = x.dim(axis), moved = extent == 0 ? 0 : modulo(shift, extent);
  if (moved == 0)
    return x;
  const std::vector<Array> parts = split_at(x, {extent - moved}, axis);
  return concatenate({parts[1], parts[0]}, axis);
}

Array roll(const Operand& input, std::int64_t shift) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return reshape(roll(flatten(x), shift, 0), x.shape());
}

Array pad(const Operand& input, const Dims& low, const Dims& high, Border border) {
  const WrittenAt at(input.where());
  Array x = input.array();
  if (static_cast<int>(low.size()) != x.rank() || high.size() != low.size())
    throw InvalidArgument("pad", "expected {} widths, got {} and {}", x.rank(), low.size(),
                          high.size());
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    x = pad_axis(x, axis, low[i], high[i], border);
  }
  return x;
}

std::vector<Array> meshgrid(const std::vector<Array>& axes, bool xy, std::source_location where) {
  const WrittenAt at(where);
  Dims dims;
  for (const Array& axis : axes)
    dims.push_back(axis.size());
  std::vector<Array> grids;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    Dims own(axes.size(), 1);
    own[i] = axes[i].size();
    const Array grid = broadcast(reshape(axes[i], Shape(own)), Shape(dims));
    grids.push_back(xy && axes.size() > 1 ? swapaxes(grid, 0, 1) : grid);
  }
  return grids;
}

std::vector<Array> broadcast_arrays(const std::vector<Array>& inputs, std::source_location where) {
  const WrittenAt at(where);
  Shape shape;
  for (const Array& input : inputs)
    shape = broadcast_shapes(shape, input.shape());
  std::vector<Array> result;
  for (const Array& input : inputs)
    result.push_back(broadcast(input, shape));
  return result;
}

std::vector<Array> unstack(const Operand& input, int axis) {
  const WrittenAt at(input.where());
  const Array x = moveaxis(input, axis, 0);
  std::vector<Array> rows;
  for (std::int64_t i = 0; i < x.dim(0); ++i)
    rows.push_back(x(i));
  return rows;
}

Array atleast_1d(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return x.rank() == 0 ? reshape(x, {1}) : x;
}

Array atleast_2d(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = atleast_1d(input);
  return x.rank() == 1 ? expand_dims(x, 0) : x;
}

Array atleast_3d(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = atleast_2d(input);
  return x.rank() == 2 ? expand_dims(x, 2) : x;
}

Array as_strided(const Operand& input, const Shape& shape, const std::vector<std::int64_t>& strides,
                 std::int64_t offset) {
  const WrittenAt at(input.where());
  const Array x = reshape(input, {-1});
  if (strides.size() != shape.dims().size())
    throw InvalidArgument("as_strided", "expected {} strides for {}, got {}", shape.rank(),
                          shape.to_string(), strides.size());
  Array place = full(shape, static_cast<int>(offset), DType::i32);
  std::int64_t least = offset, most = offset;
  for (std::size_t axis = 0; axis < strides.size(); ++axis) {
    place = place +
            table::iota(shape.dims(), DType::i32, static_cast<std::int64_t>(axis)) * strides[axis];
    (strides[axis] < 0 ? least : most) += (shape.dims()[axis] - 1) * strides[axis];
  }
  if (shape.element_count() > 0 && (least < 0 || most >= x.size()))
    throw InvalidArgument("as_strided", "reads elements {} to {} of {}", least, most, x.size());
  return take(x, place, 0);
}

Array zeros_like(const Operand& input) {
  const WrittenAt at(input.where());
  return full(input.array().shape(), 0, input.array().dtype());
}

Array ones_like(const Operand& input) {
  const WrittenAt at(input.where());
  return full(input.array().shape(), 1, input.array().dtype());
}

Array full_like(const Operand& input, const Operand& value) {
  const WrittenAt at(input.where());
  return full(input.array().shape(), value, input.array().dtype());
}

}  // namespace ashlar
