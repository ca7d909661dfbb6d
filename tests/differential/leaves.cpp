// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/tensor.h"
#include "runtime/array/ops.h"
#include "tests/differential/cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar::testing {
namespace {

constexpr double kSpecials[] = {0.0,
                                -0.0,
                                std::numeric_limits<double>::infinity(),
                                -std::numeric_limits<double>::infinity(),
                                std::numeric_limits<double>::quiet_NaN(),
                                1.0,
                                -1.0,
                                65504.0};

}  // namespace

std::int64_t Leaves::number(std::int64_t low, std::int64_t high) {
  // std::uniform_int_distribution differs between standard libraries.
  return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low));
}

double Leaves::real(Domain domain) {
  const double unit = static_cast<double>(random_()) / 0x1p32;
  switch (domain) {
  case Domain::any:
    if (random_() % 4 == 0)
      return kSpecials[random_() % std::size(kSpecials)];
    return (unit - 0.5) * std::pow(10.0, static_cast<double>(random_() % 9) - 4);
  case Domain::finite:
    return (unit - 0.5) * 20;
  case Domain::unit:
    return 2 * unit - 1;
  case Domain::positive:
    return std::pow(10.0, 6 * unit - 3);
  case Domain::above_minus_one:
    return 3 * unit - 0.95;
  case Domain::small:
    return (unit - 0.5) * 2.6;
  case Domain::angles:
    return (unit - 0.5) * std::pow(10.0, 1 + static_cast<double>(random_() % 5));
  case Domain::shifts:
    return 0;
  }
  __builtin_unreachable();
}

std::int64_t Leaves::integer(DType dtype, Domain domain) {
  if (domain == Domain::shifts)
    return number(is_signed(dtype) ? -2 : 0, static_cast<std::int64_t>(8 * size_of(dtype)) + 3);
  if (dtype == DType::boolean)
    return number(0, 2);
  if (domain != Domain::any)
    return number(is_signed(dtype) ? -9 : 0, 10);
  const std::uint64_t bits = (std::uint64_t{random_()} << 32) | random_();
  return random_() % 4 == 0 ? number(0, 3)
                            : reference::wrap_to(static_cast<std::int64_t>(bits), dtype);
}

Array Leaves::constant(DType dtype, const Shape& shape, Domain domain) {
  reference::Tensor tensor({dtype, shape});
  for (double& value : tensor.reals)
    value = reference::round_to(real(domain), dtype);
  for (std::int64_t& value : tensor.integers)
    value = integer(dtype, domain);
  return array_from_bytes(tensor.to_bytes(), dtype, shape);
}

Array Leaves::leaf(DType dtype, const Shape& shape, Domain domain) {
  std::vector<std::int64_t> dims = shape.dims();
  if (dims.empty())
    return constant(dtype, shape, domain);
  switch (layout_) {
  case Layout::contiguous:
    return constant(dtype, shape, domain);
  case Layout::transposed:
    std::ranges::reverse(dims);
    return transpose(constant(dtype, Shape(dims), domain));
  case Layout::reversed:
    dims.back() *= 2;
    return constant(dtype, Shape(dims), domain)(kEllipsis, Slice().by(-2));
  case Layout::broadcast:
    dims.front() = 1;
    return broadcast_to(constant(dtype, Shape(dims), domain), shape);
  }
  __builtin_unreachable();
}

Array Leaves::indices(DType dtype, const Shape& shape, std::int64_t low, std::int64_t high) {
  reference::Tensor tensor({dtype, shape});
  for (std::int64_t& value : tensor.integers)
    value = number(low, high);
  return array_from_bytes(tensor.to_bytes(), dtype, shape);
}

}  // namespace ashlar::testing
