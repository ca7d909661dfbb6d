// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/indexing.h"

#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <cstdlib>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

template <typename T> bool holds(const Index& index) {
  return std::holds_alternative<T>(index.value());
}

// The same indices with the ellipsis (or its absence at the end) written out as whole axes.
std::vector<Index> expand_ellipsis(const std::vector<Index>& indices, const Shape& shape) {
  const auto named = std::ranges::count_if(
      indices, [](const Index& i) { return holds<std::int64_t>(i) || holds<Slice>(i); });
  if (named > shape.rank())
    throw InvalidArgument("index", "{} indices for {}", named, shape.to_string());
  if (std::ranges::count_if(indices, holds<Ellipsis>) > 1)
    throw InvalidArgument("index", "more than one ellipsis");
  const std::vector<Index> whole(static_cast<std::size_t>(shape.rank() - named), Slice());
  std::vector<Index> result = indices;
  auto position = std::ranges::find_if(result, holds<Ellipsis>);
  if (position != result.end())
    position = result.erase(position);
  result.insert(position, whole.begin(), whole.end());
  return result;
}

std::int64_t checked_position(std::int64_t position, std::int64_t extent) {
  if (position < -extent || position >= extent)
    throw InvalidArgument("index", "{} is outside an axis of {}", position, extent);
  return position < 0 ? position + extent : position;
}

// Each row of `updates` along `axis` has one index: [n] becomes [1, .., n, .., 1].
Array align_indices(const Array& indices, const Array& updates, int axis) {
  if (indices.rank() != 1 || updates.rank() == 1)
    return indices;
  Dims dims(static_cast<std::size_t>(updates.rank()), 1);
  dims[static_cast<std::size_t>(axis)] = indices.dim(0);
  return table::reshape(indices, dims);
}

Array pad_axis(const Array& x, int axis, std::int64_t low, std::int64_t high) {
  Dims before(static_cast<std::size_t>(x.rank()), 0), after = before;
  before[static_cast<std::size_t>(axis)] = low;
  after[static_cast<std::size_t>(axis)] = high;
  return low == 0 && high == 0 ? x : table::pad(x, before, after, 0);
}

// Zeros between the elements of an axis, so that they lie `step` apart.
Array spread(const Array& x, int axis, std::int64_t step) {
  if (step == 1)
    return x;
  const Array padded = pad_axis(expand_dims(x, axis + 1), axis + 1, 0, step - 1);
  std::vector<Index> indices(static_cast<std::size_t>(x.rank()), Slice());
  indices[static_cast<std::size_t>(axis)] = Slice(0, (x.dim(axis) - 1) * step + 1);
  return index(flatten(padded, axis, axis + 1), indices);
}

using ScatterFunction = Array (*)(const Array&, const Array&, const Array&, std::int64_t);

Array scatter_with(ScatterFunction function, const Operand& target, const Operand& indices,
                   const Operand& updates, int axis) {
  const WrittenAt at(target.where());
  const Array into = target.array();
  const int position = normalize_axis(axis, into.rank());
  const Array rows = convert(updates.array(), into.dtype());
  return function(into, align_indices(indices.array(), rows, position), rows, position);
}

}  // namespace

Slice Slice::by(std::int64_t step) const {
  if (step == 0)
    throw InvalidArgument("slice", "step is 0");
  Slice result = *this;
  result.step_ = step;
  return result;
}

Slice::Range Slice::resolve(std::int64_t extent) const {
  const bool forward = step_ > 0;
  const std::int64_t lowest = forward ? 0 : -1, highest = forward ? extent : extent - 1;
  auto bound = [&](std::optional<std::int64_t> value, std::int64_t otherwise) {
    if (!value)
      return otherwise;
    return std::clamp(*value < 0 ? *value + extent : *value, lowest, highest);
  };
  const std::int64_t first = bound(start_, forward ? lowest : highest);
  const std::int64_t stop = bound(stop_, forward ? highest : lowest);
  const std::int64_t distance = forward ? stop - first : first - stop;
  const std::int64_t stride = std::abs(step_);
  const std::int64_t size = distance <= 0 ? 0 : (distance + stride - 1) / stride;
  return {size == 0 ? 0 : first, size, step_};
}

SliceRead resolve_indices(const Shape& extents, const std::vector<Index>& indices) {
  SliceRead read;
  Dims shape;
  for (const Index& index : expand_ellipsis(indices, extents)) {
    if (holds<NewAxis>(index)) {
      shape.push_back(1);
      continue;
    }
    const std::int64_t extent = extents.dims()[read.starts.size()];
    Slice::Range range{0, 1, 1};
    if (const auto* position = std::get_if<std::int64_t>(&index.value())) {
      range.start = checked_position(*position, extent);
    } else {
      range = std::get<Slice>(index.value()).resolve(extent);
      shape.push_back(range.size);
    }
    read.starts.push_back(range.start);
    read.sizes.push_back(range.size);
    read.steps.push_back(range.step);
  }
  read.shape = Shape(std::move(shape));
  return read;
}

Array index(const Operand& input, const std::vector<Index>& indices) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const SliceRead read = resolve_indices(x.shape(), indices);
  const bool whole = read.sizes == x.shape().dims() &&
                     std::ranges::all_of(read.steps, [](std::int64_t s) { return s == 1; });
  return reshape(whole ? x : table::slice(x, read.starts, read.sizes, read.steps), read.shape);
}

Array place_slice(const Array& values, const Shape& into, const Dims& starts, const Dims& steps) {
  if (values.size() == 0)
    return table::full(into.dims(), values.dtype(), 0);
  Array placed = values;
  for (int axis = 0; axis < into.rank(); ++axis) {
    const auto i = static_cast<std::size_t>(axis);
    const std::int64_t last = starts[i] + (placed.dim(axis) - 1) * steps[i];
    if (steps[i] < 0)
      placed = flip(placed, axis);
    placed = pad_axis(spread(placed, axis, std::abs(steps[i])), axis, std::min(starts[i], last),
                      into.dim(axis) - 1 - std::max(starts[i], last));
  }
  return placed;
}

Array take(const Operand& input, const Operand& indices, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return table::take(x, indices.array(), normalize_axis(axis, x.rank()));
}

Array take_along_axis(const Operand& input, const Operand& indices, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return table::take_along_axis(x, indices.array(), normalize_axis(axis, x.rank()));
}

Array scatter(const Operand& target, const Operand& indices, const Operand& updates, int axis) {
  return scatter_with(table::scatter, target, indices, updates, axis);
}

Array scatter_add(const Operand& target, const Operand& indices, const Operand& updates, int axis) {
  return scatter_with(table::scatter_add, target, indices, updates, axis);
}

}  // namespace ashlar
