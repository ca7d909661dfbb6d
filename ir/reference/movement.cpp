// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/operations.h"

#include "runtime/program/error.h"

#include <numeric>

namespace ashlar::reference {
namespace {

using Index = std::vector<std::int64_t>;

// Fills every element of `result` from the element of `input` whose index `map` computes.
template <typename Map> void gather_by(const Tensor& input, Tensor& result, Map map) {
  const Index strides = strides_of(input.type.shape);
  for_each_index(result.type.shape, [&](std::int64_t linear, const Index& index) {
    const Index source = map(index);
    result.copy_element(
        linear, input,
        std::inner_product(source.begin(), source.end(), strides.begin(), std::int64_t{0}));
  });
}

void transpose(const Tensor& input, const Index& permutation, Tensor& result) {
  gather_by(input, result, [&](const Index& index) {
    Index source(index.size());
    for (std::size_t i = 0; i < index.size(); ++i)
      source[static_cast<std::size_t>(permutation[i])] = index[i];
    return source;
  });
}

void broadcast(const Tensor& input, Tensor& result) {
  const Index& dims = input.type.shape.dims();
  gather_by(input, result, [&](const Index& index) {
    Index source(index.end() - static_cast<std::ptrdiff_t>(dims.size()), index.end());
    for (std::size_t i = 0; i < source.size(); ++i)
      if (dims[i] == 1)
        source[i] = 0;
    return source;
  });
}

void slice(const Tensor& input, const Index& starts, const Index& steps, Tensor& result) {
  gather_by(input, result, [&](const Index& index) {
    Index source(index.size());
    for (std::size_t i = 0; i < index.size(); ++i)
      source[i] = starts[i] + index[i] * steps[i];
    return source;
  });
}

void fill(Tensor& result, double value) {
  for (double& x : result.reals)
    x = round_to(value, result.type.dtype);
  for (std::int64_t& x : result.integers)
    x = wrap_to(static_cast<std::int64_t>(value), result.type.dtype);
}

// Copies `input` into `result` with its first element at `origin`.
void place(const Tensor& input, const Index& origin, Tensor& result) {
  const Index strides = strides_of(result.type.shape);
  for_each_index(input.type.shape, [&](std::int64_t linear, const Index& index) {
    std::int64_t target = 0;
    for (std::size_t i = 0; i < index.size(); ++i)
      target += (origin[i] + index[i]) * strides[i];
    result.copy_element(target, input, linear);
  });
}

void concat(Operands operands, std::size_t axis, Tensor& result) {
  Index origin(static_cast<std::size_t>(result.type.shape.rank()), 0);
  for (const Tensor& operand : operands) {
    place(operand, origin, result);
    origin[axis] += operand.type.shape.dims()[axis];
  }
}

// `index` if it names a row of an axis of `size`, counting negative ones from the end; else
// nothing.
std::optional<std::int64_t> resolve(std::int64_t index, std::int64_t size) {
  const std::int64_t i = index < 0 ? index + size : index;
  return i >= 0 && i < size ? std::optional(i) : std::nullopt;
}

void take(const Tensor& input, const Tensor& indices, std::size_t axis, Tensor& result) {
  const Index strides = strides_of(input.type.shape),
              index_strides = strides_of(indices.type.shape);
  const auto inner = static_cast<std::size_t>(indices.type.shape.rank());
  for_each_index(result.type.shape, [&](std::int64_t linear, const Index& index) {
    const std::int64_t position =
        std::inner_product(index_strides.begin(), index_strides.end(),
                           index.begin() + static_cast<std::ptrdiff_t>(axis), std::int64_t{0});
    auto row = resolve(indices.integers[static_cast<std::size_t>(position)],
                       input.type.shape.dims()[axis]);
    if (!row)
      return;
    std::int64_t source = *row * strides[axis];
    for (std::size_t i = 0; i < strides.size(); ++i)
      if (i != axis)
        source += index[i < axis ? i : i + inner - 1] * strides[i];
    result.copy_element(linear, input, source);
  });
}

void take_along_axis(const Tensor& input, const Tensor& indices, std::size_t axis, Tensor& result) {
  const Index strides = strides_of(input.type.shape);
  for_each_index(result.type.shape, [&](std::int64_t linear, const Index& index) {
    auto row =
        resolve(indices.integers[static_cast<std::size_t>(linear)], input.type.shape.dims()[axis]);
    if (!row)
      return;
    Index source = index;
    source[axis] = *row;
    result.copy_element(
        linear, input,
        std::inner_product(source.begin(), source.end(), strides.begin(), std::int64_t{0}));
  });
}

void add_element(Tensor& result, std::int64_t to, const Tensor& updates, std::int64_t from) {
  const auto t = static_cast<std::size_t>(to), f = static_cast<std::size_t>(from);
  if (result.is_real())
    result.reals[t] += updates.reals[f];
  else
    result.integers[t] =
        wrap_to(static_cast<std::int64_t>(static_cast<std::uint64_t>(result.integers[t]) +
                                          static_cast<std::uint64_t>(updates.integers[f])),
                result.type.dtype);
}

// Row-major order visits lower indices along `axis` first, so the highest one wins.
void scatter(Operands operands, std::size_t axis, bool accumulate, Tensor& result) {
  const Tensor &target = operands[0], &indices = operands[1], &updates = operands[2];
  for (std::int64_t i = 0; i < target.size(); ++i)
    result.copy_element(i, target, i);
  const Index strides = strides_of(target.type.shape),
              index_strides = strides_of(indices.type.shape);
  for_each_index(updates.type.shape, [&](std::int64_t linear, const Index& index) {
    std::int64_t position = 0, to = 0;
    for (std::size_t i = 0; i < index.size(); ++i) {
      position += indices.type.shape.dims()[i] == 1 ? 0 : index[i] * index_strides[i];
      to += i == axis ? 0 : index[i] * strides[i];
    }
    const std::int64_t row = indices.integers[static_cast<std::size_t>(position)];
    if (row < 0 || row >= target.type.shape.dims()[axis])
      return;
    to += row * strides[axis];
    if (accumulate)
      add_element(result, to, updates, linear);
    else
      result.copy_element(to, updates, linear);
  });
  for (double& x : result.reals)
    x = round_to(x, result.type.dtype);
}

}  // namespace

void evaluate_source(OpKind kind, const Attributes& attributes, Tensor& result) {
  if (kind == OpKind::full)
    return fill(result, attributes.real("value"));
  if (kind != OpKind::iota)
    throw Unsupported("reference", "{} has no value of its own", op_info(kind).name);
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  for_each_index(result.type.shape, [&](std::int64_t linear, const Index& index) {
    const auto i = static_cast<std::size_t>(linear);
    if (result.is_real())
      result.reals[i] = round_to(static_cast<double>(index[axis]), result.type.dtype);
    else
      result.integers[i] = wrap_to(index[axis], result.type.dtype);
  });
}

void evaluate_movement(OpKind kind, Operands operands, const Attributes& attributes,
                       Tensor& result) {
  switch (kind) {
  case OpKind::reshape:
    for (std::int64_t i = 0; i < result.size(); ++i)
      result.copy_element(i, operands[0], i);
    return;
  case OpKind::transpose:
    return transpose(operands[0], attributes.integers("permutation"), result);
  case OpKind::broadcast:
    return broadcast(operands[0], result);
  case OpKind::slice:
    return slice(operands[0], attributes.integers("starts"), attributes.integers("steps"), result);
  case OpKind::pad:
    fill(result, attributes.real("value"));
    return place(operands[0], attributes.integers("low"), result);
  case OpKind::concat:
    return concat(operands, static_cast<std::size_t>(attributes.integer("axis")), result);
  default:
    throw Unsupported("reference", "no rule for {}", op_info(kind).name);
  }
}

void evaluate_gather(OpKind kind, Operands operands, const Attributes& attributes, Tensor& result) {
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  switch (kind) {
  case OpKind::take:
    return take(operands[0], operands[1], axis, result);
  case OpKind::take_along_axis:
    return take_along_axis(operands[0], operands[1], axis, result);
  case OpKind::scatter:
    return scatter(operands, axis, false, result);
  case OpKind::scatter_add:
    return scatter(operands, axis, true, result);
  default:
    throw Unsupported("reference", "no rule for {}", op_info(kind).name);
  }
}

}  // namespace ashlar::reference
