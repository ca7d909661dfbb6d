// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/reductions.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <numeric>

namespace ashlar {
namespace {

Array reduce(OpKind kind, const Operand& input, const Axes& axes, bool keepdims) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return apply(kind, {convert(x, accepted_dtype(kind, x.dtype()))},
               {{"axes", axes.resolve(x.rank())}, {"keepdims", keepdims}});
}

std::int64_t reduced_count(const Array& x, const Axes& axes) {
  std::int64_t count = 1;
  for (std::int64_t axis : axes.resolve(x.rank()))
    count *= x.dim(static_cast<int>(axis));
  return count;
}

// The input in f32, in which composite reductions compute.
Array widened(const Operand& input) {
  return convert(input.array(), DType::f32);
}

using ArgReduction = Array (*)(const Array&, std::int64_t, bool);

Array arg_reduce(ArgReduction function, const Operand& input, std::optional<int> axis,
                 bool keepdims) {
  const WrittenAt at(input.where());
  Array x = input.array();
  if (x.dtype() == DType::boolean)
    x = convert(x, DType::u8);
  if (axis)
    return function(x, normalize_axis(*axis, x.rank()), keepdims);
  const Array flat = function(flatten(x), 0, false);
  const std::vector<std::int64_t> ones(static_cast<std::size_t>(x.rank()), 1);
  return keepdims ? reshape(flat, Shape(ones)) : flat;
}

void check_not_empty(const Operand& input, const Axes& axes, std::string_view unit) {
  if (reduced_count(input.array(), axes) == 0)
    throw InvalidArgument(unit, "nothing to choose from: {} is empty along the axes",
                          input.array().shape().to_string());
}

}  // namespace

std::vector<std::int64_t> Axes::resolve(int rank) const {
  std::vector<std::int64_t> result;
  if (!axes_) {
    result.resize(static_cast<std::size_t>(rank));
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
  for (int axis : *axes_)
    result.push_back(normalize_axis(axis, rank));
  std::ranges::sort(result);
  if (auto twice = std::ranges::adjacent_find(result); twice != result.end())
    throw InvalidArgument("reduce", "axis {} appears twice", *twice);
  return result;
}

Array sum(const Operand& input, const Axes& axes, bool keepdims) {
  return reduce(OpKind::reduce_sum, input, axes, keepdims);
}
Array prod(const Operand& input, const Axes& axes, bool keepdims) {
  return reduce(OpKind::reduce_prod, input, axes, keepdims);
}
Array max(const Operand& input, const Axes& axes, bool keepdims) {
  check_not_empty(input, axes, "max");
  return reduce(OpKind::reduce_max, input, axes, keepdims);
}
Array min(const Operand& input, const Axes& axes, bool keepdims) {
  check_not_empty(input, axes, "min");
  return reduce(OpKind::reduce_min, input, axes, keepdims);
}
Array any(const Operand& input, const Axes& axes, bool keepdims) {
  return reduce(OpKind::reduce_any, input, axes, keepdims);
}
Array all(const Operand& input, const Axes& axes, bool keepdims) {
  return reduce(OpKind::reduce_all, input, axes, keepdims);
}

Array mean(const Operand& input, const Axes& axes, bool keepdims) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  const auto count = static_cast<double>(reduced_count(x, axes));
  return convert(sum(widened(x), axes, keepdims) / count, float_dtype(x.dtype()));
}

Array var(const Operand& input, const Axes& axes, bool keepdims, int ddof) {
  const WrittenAt at(input.where());
  const Array x = widened(input);
  const auto count = static_cast<double>(reduced_count(x, axes) - ddof);
  const Array deviation = x - mean(x, axes, true);
  return convert(sum(square(deviation), axes, keepdims) / count,
                 float_dtype(input.array().dtype()));
}

Array std_dev(const Operand& input, const Axes& axes, bool keepdims, int ddof) {
  const WrittenAt at(input.where());
  return convert(sqrt(var(widened(input), axes, keepdims, ddof)),
                 float_dtype(input.array().dtype()));
}

Array logsumexp(const Operand& input, const Axes& axes, bool keepdims) {
  const WrittenAt at(input.where());
  const Array x = widened(input);
  const Array largest = max(x, axes, true);
  // Rows of -inf must give -inf, not NaN. The shift cancels, so no derivative flows through it.
  const Array shift = stop_gradient(where(is_inf(largest), 0.0, largest));
  Array result = log(sum(exp(x - shift), axes, true)) + shift;
  if (!keepdims)
    result = reshape(result, sum(x, axes).shape());
  return convert(result, float_dtype(input.array().dtype()));
}

Array softmax(const Operand& input, const Axes& axes) {
  const WrittenAt at(input.where());
  const Array x = widened(input);
  const Array exponents = exp(x - stop_gradient(max(x, axes, true)));
  return convert(exponents / sum(exponents, axes, true), float_dtype(input.array().dtype()));
}

Array argmax(const Operand& input, std::optional<int> axis, bool keepdims) {
  return arg_reduce(table::argmax, input, axis, keepdims);
}
Array argmin(const Operand& input, std::optional<int> axis, bool keepdims) {
  return arg_reduce(table::argmin, input, axis, keepdims);
}

Array cumsum(const Operand& input, int axis, bool reverse, bool inclusive) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return table::cumsum(convert(x, accepted_dtype(OpKind::cumsum, x.dtype())),
                       normalize_axis(axis, x.rank()), reverse, !inclusive);
}

}  // namespace ashlar
