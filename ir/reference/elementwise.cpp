// SPDX-License-Identifier: Apache-2.0
#include "ir/reference/operations.h"

#include "runtime/program/error.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

namespace ashlar::reference {
namespace {

double nan_or(double a, double b, double value) {
  return std::isnan(a) || std::isnan(b) ? std::numeric_limits<double>::quiet_NaN() : value;
}

double floored_remainder(double x, double y) {
  const double r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : (r == 0 ? std::copysign(0.0, y) : r);
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double gelu_tanh(double x) {
  const double inner = std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return x / 2 * (1 + std::tanh(inner));
}

double softplus(double x) {
  return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x));
}

double real_unary(OpKind kind, double x) {
  switch (kind) {
  case OpKind::neg:
    return -x;
  case OpKind::abs:
    return std::fabs(x);
  case OpKind::sign:
    return std::isnan(x) ? x : static_cast<double>((x > 0) - (x < 0));
  case OpKind::floor:
    return std::floor(x);
  case OpKind::ceil:
    return std::ceil(x);
  case OpKind::round:
    return std::nearbyint(x);
  case OpKind::trunc:
    return std::trunc(x);
  case OpKind::sqrt:
    return std::sqrt(x);
  case OpKind::rsqrt:
    return 1 / std::sqrt(x);
  case OpKind::reciprocal:
    return 1 / x;
  case OpKind::square:
    return x * x;
  case OpKind::exp:
    return std::exp(x);
  case OpKind::exp2:
    return std::exp2(x);
  case OpKind::expm1:
    return std::expm1(x);
  case OpKind::log:
    return std::log(x);
  case OpKind::log2:
    return std::log2(x);
  case OpKind::log1p:
    return std::log1p(x);
  case OpKind::sin:
    return std::sin(x);
  case OpKind::cos:
    return std::cos(x);
  case OpKind::tan:
    return std::tan(x);
  case OpKind::tanh:
    return std::tanh(x);
  case OpKind::erf:
    return std::erf(x);
  case OpKind::sigmoid:
    return sigmoid(x);
  case OpKind::silu:
    return x == -std::numeric_limits<double>::infinity() ? std::numeric_limits<double>::quiet_NaN()
                                                         : x * sigmoid(x);
  case OpKind::gelu:
    return x / 2 * (1 + std::erf(x / std::numbers::sqrt2));
  case OpKind::gelu_tanh:
    return gelu_tanh(x);
  case OpKind::softplus:
    return softplus(x);
  default:
    throw Unsupported("reference", "no rule for {} on floats", op_info(kind).name);
  }
}

double real_binary(OpKind kind, double x, double y) {
  switch (kind) {
  case OpKind::add:
    return x + y;
  case OpKind::sub:
    return x - y;
  case OpKind::mul:
    return x * y;
  case OpKind::div:
    return x / y;
  case OpKind::floor_divide:
    return std::floor(x / y);
  case OpKind::remainder:
    return floored_remainder(x, y);
  case OpKind::power:
    return std::pow(x, y);
  case OpKind::maximum:
    return nan_or(x, y, x > y ? x : y);
  case OpKind::minimum:
    return nan_or(x, y, x < y ? x : y);
  case OpKind::arctan2:
    return std::atan2(x, y);
  default:
    throw Unsupported("reference", "no rule for {} on floats", op_info(kind).name);
  }
}

template <typename T> bool compare(OpKind kind, T x, T y) {
  switch (kind) {
  case OpKind::equal:
    return x == y;
  case OpKind::not_equal:
    return x != y;
  case OpKind::less:
    return x < y;
  case OpKind::less_equal:
    return x <= y;
  case OpKind::greater:
    return x > y;
  case OpKind::greater_equal:
    return x >= y;
  default:
    throw Unsupported("reference", "{} is not a comparison", op_info(kind).name);
  }
}

// Two's complement arithmetic without undefined overflow.
std::int64_t wrapping(OpKind kind, std::int64_t x, std::int64_t y) {
  const auto a = static_cast<std::uint64_t>(x), b = static_cast<std::uint64_t>(y);
  return static_cast<std::int64_t>(kind == OpKind::add   ? a + b
                                   : kind == OpKind::sub ? a - b
                                                         : a * b);
}

std::int64_t signed_division(OpKind kind, std::int64_t x, std::int64_t y) {
  if (y == 0)
    return 0;
  if (y == -1)  // the least integer divided by -1 wraps
    return kind == OpKind::floor_divide ? wrapping(OpKind::sub, 0, x) : 0;
  const std::int64_t remainder = x % y;
  const bool adjust = remainder != 0 && (remainder < 0) != (y < 0);
  return kind == OpKind::floor_divide ? x / y - adjust : remainder + (adjust ? y : 0);
}

std::int64_t unsigned_division(OpKind kind, std::uint64_t x, std::uint64_t y) {
  return static_cast<std::int64_t>(y == 0 ? 0 : kind == OpKind::floor_divide ? x / y : x % y);
}

std::int64_t shift(OpKind kind, std::int64_t x, std::int64_t y, DType dtype) {
  const auto width = static_cast<std::int64_t>(size_of(dtype) * 8);
  const bool outside = y < 0 || y >= width;
  if (kind == OpKind::left_shift)
    return outside ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(x) << y);
  if (is_signed(dtype))
    return x >> (outside ? 63 : y);
  return outside ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(x) >> y);
}

std::int64_t integer_binary(OpKind kind, std::int64_t x, std::int64_t y, DType dtype) {
  const bool is_u64 = dtype == DType::u64;
  const bool less = is_u64 ? static_cast<std::uint64_t>(x) < static_cast<std::uint64_t>(y) : x < y;
  switch (kind) {
  case OpKind::add:
  case OpKind::sub:
  case OpKind::mul:
    return wrapping(kind, x, y);
  case OpKind::floor_divide:
  case OpKind::remainder:
    return is_signed(dtype) ? signed_division(kind, x, y)
                            : unsigned_division(kind, static_cast<std::uint64_t>(x),
                                                static_cast<std::uint64_t>(y));
  case OpKind::maximum:
    return less ? y : x;
  case OpKind::minimum:
    return less ? x : y;
  case OpKind::logical_and:
  case OpKind::bitwise_and:
    return x & y;
  case OpKind::logical_or:
  case OpKind::bitwise_or:
    return x | y;
  case OpKind::bitwise_xor:
    return x ^ y;
  case OpKind::left_shift:
  case OpKind::right_shift:
    return shift(kind, x, y, dtype);
  default:
    throw Unsupported("reference", "no rule for {} on {}", op_info(kind).name, name_of(dtype));
  }
}

std::int64_t integer_unary(OpKind kind, std::int64_t x, DType dtype) {
  switch (kind) {
  case OpKind::neg:
    return wrapping(OpKind::sub, 0, x);
  case OpKind::abs:
    return is_signed(dtype) && x < 0 ? wrapping(OpKind::sub, 0, x) : x;
  case OpKind::sign:
    return x == 0 ? 0 : is_signed(dtype) && x < 0 ? -1 : 1;
  case OpKind::square:
    return wrapping(OpKind::mul, x, x);
  case OpKind::bitwise_not:
    return ~x;
  case OpKind::logical_not:
    return !x;
  default:
    throw Unsupported("reference", "no rule for {} on {}", op_info(kind).name, name_of(dtype));
  }
}

std::int64_t saturate(double value, DType dtype) {
  if (std::isnan(value))
    return 0;
  const int bits = static_cast<int>(size_of(dtype) * 8);
  const double high = std::ldexp(1.0, is_signed(dtype) ? bits - 1 : bits);  // first value too large
  const double low = is_signed(dtype) ? -high : 0.0;
  if (value >= high)
    return is_signed(dtype) ? static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1)
                            : static_cast<std::int64_t>(~std::uint64_t{0} >> (64 - bits));
  if (value <= low)
    return static_cast<std::int64_t>(low);
  return dtype == DType::u64 ? static_cast<std::int64_t>(static_cast<std::uint64_t>(value))
                             : static_cast<std::int64_t>(value);
}

void cast(const Tensor& input, Tensor& result) {
  const DType from = input.type.dtype, to = result.type.dtype;
  for (std::size_t i = 0; i < static_cast<std::size_t>(result.size()); ++i) {
    if (input.is_real() && result.is_real())
      result.reals[i] = round_to(input.reals[i], to);
    else if (input.is_real())
      result.integers[i] =
          to == DType::boolean ? input.reals[i] != 0 : saturate(std::trunc(input.reals[i]), to);
    else if (result.is_real())
      result.reals[i] = round_to(
          from == DType::u64 ? static_cast<float>(static_cast<std::uint64_t>(input.integers[i]))
                             : static_cast<float>(input.integers[i]),
          to);
    else
      result.integers[i] = wrap_to(input.integers[i], to);
  }
}

void select(Operands operands, Tensor& result) {
  for (std::int64_t i = 0; i < result.size(); ++i)
    result.copy_element(
        i, operands[0].integers[static_cast<std::size_t>(i)] ? operands[1] : operands[2], i);
}

bool compare_elements(OpKind kind, const Tensor& x, const Tensor& y, std::size_t i) {
  if (x.is_real())
    return compare(kind, x.reals[i], y.reals[i]);
  if (x.type.dtype == DType::u64)
    return compare(kind, static_cast<std::uint64_t>(x.integers[i]),
                   static_cast<std::uint64_t>(y.integers[i]));
  return compare(kind, x.integers[i], y.integers[i]);
}

bool is_comparison(OpKind kind) {
  return op_info(kind).infer == op_info(OpKind::equal).infer;
}

}  // namespace

void evaluate_elementwise(OpKind kind, Operands operands, Tensor& result) {
  if (kind == OpKind::cast)
    return cast(operands[0], result);
  if (kind == OpKind::bitcast) {
    result = Tensor::from_bytes(result.type, operands[0].to_bytes());
    return;
  }
  if (kind == OpKind::select)
    return select(operands, result);
  if (kind == OpKind::opaque) {
    result = operands[0];
    return;
  }
  const DType dtype = operands[0].type.dtype;
  for (std::size_t i = 0; i < static_cast<std::size_t>(result.size()); ++i) {
    if (is_comparison(kind))
      result.integers[i] = compare_elements(kind, operands[0], operands[1], i);
    else if (kind == OpKind::is_nan)
      result.integers[i] = std::isnan(operands[0].reals[i]);
    else if (kind == OpKind::is_inf)
      result.integers[i] = std::isinf(operands[0].reals[i]);
    else if (result.is_real() && operands.size() == 1)
      result.reals[i] = round_to(real_unary(kind, operands[0].reals[i]), dtype);
    else if (result.is_real())
      result.reals[i] =
          round_to(real_binary(kind, operands[0].reals[i], operands[1].reals[i]), dtype);
    else if (operands.size() == 1)
      result.integers[i] = wrap_to(integer_unary(kind, operands[0].integers[i], dtype), dtype);
    else
      result.integers[i] = wrap_to(
          integer_binary(kind, operands[0].integers[i], operands[1].integers[i], dtype), dtype);
  }
}

// Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011, section 4.3.
void evaluate_philox(Operands operands, const Attributes& attributes, Tensor& result) {
  const auto word = static_cast<std::size_t>(attributes.integer("word"));
  for (std::size_t i = 0; i < static_cast<std::size_t>(result.size()); ++i) {
    std::array<std::uint32_t, 6> v;
    for (std::size_t j = 0; j < 6; ++j)
      v[j] = static_cast<std::uint32_t>(operands[j].integers[i]);
    auto [c0, c1, c2, c3, k0, k1] = v;
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c0, p1 = std::uint64_t{0xCD9E8D57} * c2;
      const auto hi0 = static_cast<std::uint32_t>(p0 >> 32),
                 hi1 = static_cast<std::uint32_t>(p1 >> 32);
      c0 = hi1 ^ c1 ^ k0;
      c2 = hi0 ^ c3 ^ k1;
      c1 = static_cast<std::uint32_t>(p1);
      c3 = static_cast<std::uint32_t>(p0);
      k0 += 0x9E3779B9u;
      k1 += 0xBB67AE85u;
    }
    result.integers[i] = std::array{c0, c1, c2, c3}[word];
  }
}

}  // namespace ashlar::reference
