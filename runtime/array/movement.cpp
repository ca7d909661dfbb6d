// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/movement.h"

#include "runtime/array/indexing.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <numeric>

namespace ashlar {
namespace {

using Dims = std::vector<std::int64_t>;

// Dimensions with a -1 replaced by what `count` elements leave over.
Dims resolve_dims(std::string_view unit, const Shape& shape, std::int64_t count) {
  Dims dims = shape.dims();
  const auto open = std::ranges::find(dims, -1);
  if (open == dims.end())
    return dims;
  *open = 1;
  const std::int64_t rest = Shape(dims).element_count();
  if (rest == 0 || count % rest != 0 || std::ranges::find(dims, -1) != dims.end())
    throw InvalidArgument(unit, "{} elements do not fill {}", count, shape.to_string());
  *open = count / rest;
  return dims;
}

Dims identity(int rank) {
  Dims order(static_cast<std::size_t>(rank));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

auto nth(Dims& dims, int axis) {
  return dims.begin() + axis;
}

std::vector<Array> promoted(const std::vector<Array>& inputs, std::string_view unit) {
  if (inputs.empty())
    throw InvalidArgument(unit, "needs at least one array");
  DType dtype = inputs[0].dtype();
  for (const Array& input : inputs)
    dtype = promote(dtype, input.dtype());
  std::vector<Array> result;
  for (const Array& input : inputs)
    result.push_back(convert(input, dtype));
  return result;
}

}  // namespace

Array reshape(const Operand& input, const Shape& shape) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims dims = resolve_dims("reshape", shape, x.size());
  return dims == x.shape().dims() ? x : table::reshape(x, dims);
}

Array flatten(const Operand& input, int first, int last) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (x.rank() == 0)
    return reshape(x, {1});
  Dims dims = x.shape().dims();
  const int begin = normalize_axis(first, x.rank()), end = normalize_axis(last, x.rank());
  if (begin > end)
    throw InvalidArgument("flatten", "axes {} and {} are in the wrong order", first, last);
  const Shape joined(Dims(nth(dims, begin), nth(dims, end + 1)));
  dims.erase(nth(dims, begin), nth(dims, end + 1));
  dims.insert(nth(dims, begin), joined.element_count());
  return reshape(x, Shape(std::move(dims)));
}

Array unflatten(const Operand& input, int axis, const Shape& shape) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims dims = x.shape().dims();
  const int position = normalize_axis(axis, x.rank());
  const Dims parts = resolve_dims("unflatten", shape, x.dim(position));
  dims.erase(nth(dims, position));
  dims.insert(nth(dims, position), parts.begin(), parts.end());
  return reshape(x, Shape(std::move(dims)));
}

Array transpose(const Operand& input) {
  const WrittenAt at(input.where());
  Dims order = identity(input.array().rank());
  std::ranges::reverse(order);
  return table::transpose(input.array(), order);
}

Array transpose(const Operand& input, const Ints& permutation) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims order;
  for (int axis : permutation)
    order.push_back(normalize_axis(axis, x.rank()));
  return order == identity(x.rank()) ? x : table::transpose(x, order);
}

Array swapaxes(const Operand& input, int a, int b) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims order = identity(x.rank());
  std::swap(*nth(order, normalize_axis(a, x.rank())), *nth(order, normalize_axis(b, x.rank())));
  return table::transpose(x, order);
}

Array moveaxis(const Operand& input, int source, int destination) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims order = identity(x.rank());
  const int from = normalize_axis(source, x.rank());
  order.erase(nth(order, from));
  order.insert(nth(order, normalize_axis(destination, x.rank())), from);
  return table::transpose(x, order);
}

Array expand_dims(const Operand& input, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims dims = x.shape().dims();
  dims.insert(nth(dims, normalize_axis(axis, x.rank() + 1)), 1);
  return table::reshape(x, dims);
}

Array squeeze(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims dims = x.shape().dims();
  std::erase(dims, 1);
  return reshape(x, Shape(std::move(dims)));
}

Array squeeze(const Operand& input, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  Dims dims = x.shape().dims();
  if (x.dim(axis) != 1)
    throw InvalidArgument("squeeze", "axis {} of {} is not of size 1", axis, x.shape().to_string());
  dims.erase(nth(dims, normalize_axis(axis, x.rank())));
  return table::reshape(x, dims);
}

Array broadcast_to(const Operand& input, const Shape& shape) {
  const WrittenAt at(input.where());
  return broadcast(input.array(), shape);
}

Array pad(const Operand& input, const std::vector<std::int64_t>& low,
          const std::vector<std::int64_t>& high, double value) {
  const WrittenAt at(input.where());
  return table::pad(input.array(), low, high, value);
}

Array flip(const Operand& input, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  std::vector<Index> indices(static_cast<std::size_t>(x.rank()), Slice());
  indices[static_cast<std::size_t>(normalize_axis(axis, x.rank()))] = Slice().by(-1);
  return index(x, indices);
}

Array repeat(const Operand& input, int count, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (count < 0)
    throw InvalidArgument("repeat", "count: expected 0 or more, got {}", count);
  const int position = normalize_axis(axis, x.rank());
  Dims dims = x.shape().dims();
  dims.insert(nth(dims, position + 1), count);
  const Array repeated = broadcast(expand_dims(x, position + 1), Shape(std::move(dims)));
  return flatten(repeated, position, position + 1);
}

Array concatenate(const std::vector<Array>& inputs, int axis, std::source_location where) {
  const WrittenAt at(where);
  const std::vector<Array> arrays = promoted(inputs, "concatenate");
  const int position = normalize_axis(axis, arrays[0].rank());
  return arrays.size() == 1 ? arrays[0] : table::concat(arrays, position);
}

Array stack(const std::vector<Array>& inputs, int axis, std::source_location where) {
  const WrittenAt at(where);
  std::vector<Array> rows;
  for (const Array& input : promoted(inputs, "stack"))
    rows.push_back(expand_dims(input, axis));
  return concatenate(rows, axis);
}

std::vector<Array> split(const Operand& input, int parts, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const std::int64_t extent = x.dim(axis);
  if (parts < 1 || extent % parts != 0)
    throw InvalidArgument("split", "axis {} of {} does not divide into {} parts", axis,
                          x.shape().to_string(), parts);
  std::vector<std::int64_t> ends;
  for (int i = 1; i < parts; ++i)
    ends.push_back(extent / parts * i);
  return split_at(x, ends, axis);
}

std::vector<Array> split_at(const Operand& input, const std::vector<std::int64_t>& ends, int axis) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const auto position = static_cast<std::size_t>(normalize_axis(axis, x.rank()));
  std::vector<Index> indices(static_cast<std::size_t>(x.rank()), Slice());
  std::vector<Array> result;
  std::int64_t begin = 0;
  for (std::size_t i = 0; i <= ends.size(); ++i) {
    const std::int64_t end = i < ends.size() ? ends[i] : x.dim(axis);
    indices[position] = Slice(begin, end);
    result.push_back(index(x, indices));
    begin = end;
  }
  return result;
}

}  // namespace ashlar
