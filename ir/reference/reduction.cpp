// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/operations.h"

#include "runtime/program/error.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace ashlar::reference {
namespace {

using Index = std::vector<std::int64_t>;

// Whether element a comes before element b in ascending order; NaN after everything.
bool precedes(const Tensor& tensor, std::int64_t a, std::int64_t b) {
  const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
  if (tensor.is_real())
    return std::isnan(tensor.reals[j]) ? !std::isnan(tensor.reals[i])
                                       : tensor.reals[i] < tensor.reals[j];
  if (tensor.type.dtype == DType::u64)
    return static_cast<std::uint64_t>(tensor.integers[i]) <
           static_cast<std::uint64_t>(tensor.integers[j]);
  return tensor.integers[i] < tensor.integers[j];
}

bool is_nan(const Tensor& tensor, std::int64_t i) {
  return tensor.is_real() && std::isnan(tensor.reals[static_cast<std::size_t>(i)]);
}

// The elements along `axis` of a tensor: for each outer and inner position, a start and a stride.
template <typename Body> void for_each_lane(const Shape& shape, std::size_t axis, Body body) {
  const std::int64_t extent = shape.dims()[axis], stride = strides_of(shape)[axis];
  const std::int64_t block = extent * stride;
  const std::int64_t outer = block == 0 ? 0 : shape.element_count() / block;
  for (std::int64_t o = 0; o < outer; ++o)
    for (std::int64_t i = 0; i < stride; ++i)
      body(o * stride + i, o * block + i, stride, extent);
}

double neutral_real(OpKind kind) {
  switch (kind) {
  case OpKind::reduce_prod:
    return 1;
  case OpKind::reduce_max:
    return -std::numeric_limits<double>::infinity();
  case OpKind::reduce_min:
    return std::numeric_limits<double>::infinity();
  default:
    return 0;
  }
}

double combine_real(OpKind kind, double a, double x) {
  switch (kind) {
  case OpKind::reduce_sum:
    return a + x;
  case OpKind::reduce_prod:
    return a * x;
  case OpKind::reduce_max:
    return std::isnan(a) || std::isnan(x) ? a + x : std::max(a, x);
  default:
    return std::isnan(a) || std::isnan(x) ? a + x : std::min(a, x);
  }
}

std::int64_t neutral_integer(OpKind kind, DType dtype) {
  switch (kind) {
  case OpKind::reduce_prod:
  case OpKind::reduce_all:
    return 1;
  case OpKind::reduce_max:
    return dtype == DType::u64 ? 0 : std::numeric_limits<std::int64_t>::min();
  case OpKind::reduce_min:
    return dtype == DType::u64 ? -1 : std::numeric_limits<std::int64_t>::max();
  default:
    return 0;
  }
}

std::int64_t combine_integer(OpKind kind, std::int64_t a, std::int64_t x, DType dtype) {
  const auto ua = static_cast<std::uint64_t>(a), ux = static_cast<std::uint64_t>(x);
  const bool less = dtype == DType::u64 ? ua < ux : a < x;
  switch (kind) {
  case OpKind::reduce_sum:
    return static_cast<std::int64_t>(ua + ux);
  case OpKind::reduce_prod:
    return static_cast<std::int64_t>(ua * ux);
  case OpKind::reduce_max:
    return less ? x : a;
  case OpKind::reduce_min:
    return less ? a : x;
  case OpKind::reduce_any:
    return a | x;
  default:
    return a & x;
  }
}

void reduce(OpKind kind, const Tensor& input, const Index& axes, Tensor& result) {
  const DType dtype = input.type.dtype;
  std::ranges::fill(result.reals, neutral_real(kind));
  std::ranges::fill(result.integers, neutral_integer(kind, dtype));
  std::vector<std::int64_t> kept_dims = input.type.shape.dims();
  for (std::int64_t axis : axes)
    kept_dims[static_cast<std::size_t>(axis)] = 1;
  const Index strides = strides_of(Shape(kept_dims));
  for_each_index(input.type.shape, [&](std::int64_t linear, const Index& index) {
    std::int64_t to = 0;
    for (std::size_t i = 0; i < index.size(); ++i)
      to += kept_dims[i] == 1 ? 0 : index[i] * strides[i];
    const auto t = static_cast<std::size_t>(to), l = static_cast<std::size_t>(linear);
    if (input.is_real())
      result.reals[t] = combine_real(kind, result.reals[t], input.reals[l]);
    else
      result.integers[t] = combine_integer(kind, result.integers[t], input.integers[l], dtype);
  });
  for (double& x : result.reals)
    x = round_to(x, dtype);
  for (std::int64_t& x : result.integers)
    x = wrap_to(x, dtype);
}

void arg_reduce(OpKind kind, const Tensor& input, std::size_t axis, Tensor& result) {
  for_each_lane(
      input.type.shape, axis,
      [&](std::int64_t lane, std::int64_t start, std::int64_t stride, std::int64_t extent) {
        std::int64_t best = 0;
        for (std::int64_t i = 1; i < extent && !is_nan(input, start + best * stride); ++i) {
          const std::int64_t a = start + i * stride, b = start + best * stride;
          if (is_nan(input, a) ||
              (kind == OpKind::argmax ? precedes(input, b, a) : precedes(input, a, b)))
            best = i;
        }
        result.integers[static_cast<std::size_t>(lane)] = best;
      });
}

// Positions along one lane in sorted order: stable, NaN last in both directions.
Index sorted_lane(const Tensor& input, std::int64_t start, std::int64_t stride, std::int64_t extent,
                  bool descending) {
  Index order(static_cast<std::size_t>(extent));
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](std::int64_t i, std::int64_t j) {
    const std::int64_t a = start + i * stride, b = start + j * stride;
    if (is_nan(input, a) || is_nan(input, b))
      return is_nan(input, a) == is_nan(input, b) ? i < j : is_nan(input, b);
    if (precedes(input, a, b) || precedes(input, b, a))
      return descending ? precedes(input, b, a) : precedes(input, a, b);
    return i < j;
  });
  return order;
}

}  // namespace

void evaluate_reduction(OpKind kind, Operands operands, const Attributes& attributes,
                        Tensor& result) {
  if (kind == OpKind::argmax || kind == OpKind::argmin)
    return arg_reduce(kind, operands[0], static_cast<std::size_t>(attributes.integer("axis")),
                      result);
  reduce(kind, operands[0], attributes.integers("axes"), result);
}

void evaluate_cumsum(Operands operands, const Attributes& attributes, Tensor& result) {
  const Tensor& input = operands[0];
  const bool reverse = attributes.boolean("reverse"), exclusive = attributes.boolean("exclusive");
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  for_each_lane(input.type.shape, axis,
                [&](std::int64_t, std::int64_t start, std::int64_t stride, std::int64_t extent) {
                  double real = 0;
                  std::uint64_t integer = 0;
                  for (std::int64_t step = 0; step < extent; ++step) {
                    const auto i = static_cast<std::size_t>(
                        start + (reverse ? extent - 1 - step : step) * stride);
                    const double before_real = real;
                    const std::uint64_t before_integer = integer;
                    if (input.is_real())
                      real += input.reals[i];
                    else
                      integer += static_cast<std::uint64_t>(input.integers[i]);
                    if (input.is_real())
                      result.reals[i] = round_to(exclusive ? before_real : real, input.type.dtype);
                    else
                      result.integers[i] =
                          wrap_to(static_cast<std::int64_t>(exclusive ? before_integer : integer),
                                  input.type.dtype);
                  }
                });
}

void evaluate_sort(OpKind kind, Operands operands, const Attributes& attributes, Tensor& result) {
  const Tensor& input = operands[0];
  const bool descending = kind == OpKind::topk_indices || attributes.boolean("descending");
  const auto axis = static_cast<std::size_t>(attributes.integer("axis"));
  const std::int64_t kept = result.type.shape.dims()[axis];
  for_each_lane(
      input.type.shape, axis,
      [&](std::int64_t lane, std::int64_t start, std::int64_t stride, std::int64_t extent) {
        const Index order = sorted_lane(input, start, stride, extent, descending);
        const std::int64_t result_start = lane / stride * kept * stride + lane % stride;
        for (std::int64_t i = 0; i < kept; ++i) {
          const std::int64_t to = result_start + i * stride,
                             from = order[static_cast<std::size_t>(i)];
          if (kind == OpKind::sort)
            result.copy_element(to, input, start + from * stride);
          else
            result.integers[static_cast<std::size_t>(to)] = from;
        }
      });
}

}  // namespace ashlar::reference
