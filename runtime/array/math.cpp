// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/math.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/reductions.h"
#include "runtime/array/transforms.h"

#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace ashlar {
namespace {

using std::numbers::pi;

using Function = Array (*)(const Array& x);
using Slope = Array (*)(const Array& x, const Array& y);

// Computes in f32 and rounds once to the input's float type.
template <typename F> Array in_f32(const Operand& input, F function) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  return convert(function(convert(x, DType::f32)), float_dtype(x.dtype()));
}

// With a derivative that is simpler, and true where the pieces' derivatives are not finite.
Array with_slope(const Operand& input, Function function, Slope slope) {
  CustomRules rules;
  rules.vjp = [slope](const Arrays& x, const Arrays& cotangents, const Arrays& y) {
    return Arrays{cotangents[0] * slope(x[0], y[0])};
  };
  return in_f32(input, custom_function(std::function<Array(const Array&)>(function), rules));
}

// sqrt(1 - x^2)
Array other_leg(const Array& x) {
  return sqrt((1 - x) * (1 + x));
}

template <std::size_t N>
Array polynomial(const Array& x, const std::array<double, N>& coefficients) {
  Array sum = x * coefficients[0] + coefficients[1];
  for (std::size_t i = 2; i < N; ++i)
    sum = sum * x + coefficients[i];
  return sum;
}

constexpr std::array kErfinvCentre = {2.81022636e-08,  3.43273939e-07, -3.5233877e-06,
                                      -4.39150654e-06, 0.00021858087,  -0.00125372503,
                                      -0.00417768164,  0.246640727,    1.50140941};
constexpr std::array kErfinvTail = {-0.000200214257, 0.000100950558, 0.00134934322,
                                    -0.00367342844,  0.00573950773,  -0.0076224613,
                                    0.00943887047,   1.00167406,     2.83297682};

Array erfinv_f32(const Array& x) {
  const Array w = -log((1 - x) * (1 + x));
  const Array centre = polynomial(w - 2.5, kErfinvCentre);
  const Array tail = polynomial(sqrt(w) - 3, kErfinvTail);
  const Array ends = full({}, std::numeric_limits<double>::infinity());
  const Array inside = where(w < 5, centre, tail) * x;
  return where(equal(abs(x), 1), x * ends, inside);
}

Array arcsinh_f32(const Array& x) {
  const Array a = abs(x);
  // Beyond 1e9 the square no longer sees the 1, and may overflow.
  const Array near = log1p(a + square(a) / (1 + sqrt(square(a) + 1)));
  return sign(x) * where(a < 1e9, near, log(a) + std::numbers::ln2);
}

double largest(DType dtype) {
  switch (dtype) {
  case DType::f16:
    return 65504;
  case DType::bf16:
    return 0x1.FEp127;
  default:
    return std::numeric_limits<float>::max();
  }
}

bool is_exact(const Operand& input) {
  return !is_float(input.array().dtype());
}

Array everywhere(const Operand& input, bool value) {
  return full(input.array().shape(), value);
}

}  // namespace

Array arcsin(const Operand& input) {
  return with_slope(
      input, [](const Array& x) { return arctan2(x, other_leg(x)); },
      [](const Array& x, const Array&) { return reciprocal(other_leg(x)); });
}

Array arccos(const Operand& input) {
  return with_slope(
      input, [](const Array& x) { return arctan2(other_leg(x), x); },
      [](const Array& x, const Array&) { return -reciprocal(other_leg(x)); });
}

Array arctan(const Operand& input) {
  return with_slope(
      input, [](const Array& x) { return arctan2(x, 1.0); },
      [](const Array& x, const Array&) { return reciprocal(square(x) + 1); });
}

Array sinh(const Operand& input) {
  return with_slope(
      input,
      [](const Array& x) {
        const Array grown = expm1(abs(x));
        // e - 1 + (e - 1) / e, of which the second term is 1 long before e overflows.
        const Array bounded = minimum(grown, 1e9);
        return sign(x) * (grown + bounded / (bounded + 1)) * 0.5;
      },
      [](const Array& x, const Array&) { return cosh(x); });
}

Array cosh(const Operand& input) {
  return in_f32(input, [](const Array& x) { return (exp(x) + exp(-x)) * 0.5; });
}

Array arcsinh(const Operand& input) {
  return with_slope(input, arcsinh_f32,
                    [](const Array& x, const Array&) { return rsqrt(square(x) + 1); });
}

Array arccosh(const Operand& input) {
  return with_slope(
      input,
      [](const Array& x) {
        // With t = x - 1, exact near 1.
        const Array t = x - 1;
        return where(x < 1e9, log1p(t + sqrt(t * (t + 2))), log(x) + std::numbers::ln2);
      },
      [](const Array& x, const Array&) { return rsqrt((x - 1) * (x + 1)); });
}

Array arctanh(const Operand& input) {
  return in_f32(input, [](const Array& x) { return (log1p(x) - log1p(-x)) * 0.5; });
}

Array log10(const Operand& input) {
  return in_f32(input, [](const Array& x) { return log(x) * (1 / std::numbers::ln10); });
}

Array degrees(const Operand& input) {
  return in_f32(input, [](const Array& x) { return x * (180 / pi); });
}

Array radians(const Operand& input) {
  return in_f32(input, [](const Array& x) { return x * (pi / 180); });
}

Array erfinv(const Operand& input) {
  return with_slope(input, erfinv_f32, [](const Array&, const Array& y) {
    return exp(square(y)) * (std::sqrt(pi) / 2);
  });
}

Array relu(const Operand& input) {
  const WrittenAt at(input.where());
  return maximum(input, 0);
}

Array logaddexp(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  const Operand operands[] = {lhs, rhs};
  const std::vector<Array> common = harmonize(OpKind::power, operands);
  const Array x = convert(common[0], DType::f32), y = convert(common[1], DType::f32);
  const Array larger = stop_gradient(maximum(x, y));
  const Array shift = where(is_inf(larger), 0.0, larger);
  return convert(log(exp(x - shift) + exp(y - shift)) + shift, common[0].dtype());
}

std::pair<Array, Array> divmod(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  return {floor_divide(lhs, rhs), remainder(lhs, rhs)};
}

Array logical_xor(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  return not_equal(convert(lhs.array(), DType::boolean), convert(rhs.array(), DType::boolean));
}

Array is_finite(const Operand& input) {
  const WrittenAt at(input.where());
  if (is_exact(input))
    return everywhere(input, true);
  return !(is_nan(input) | is_inf(input));
}

Array is_pos_inf(const Operand& input) {
  const WrittenAt at(input.where());
  return is_exact(input) ? everywhere(input, false) : is_inf(input) & (input > 0);
}

Array is_neg_inf(const Operand& input) {
  const WrittenAt at(input.where());
  return is_exact(input) ? everywhere(input, false) : is_inf(input) & (input < 0);
}

Array nan_to_num(const Operand& input, double nan, std::optional<double> positive,
                 std::optional<double> negative) {
  const WrittenAt at(input.where());
  const Array x = input.array();
  if (is_exact(input))
    return x;
  const double limit = largest(x.dtype());
  const Array bounded = where(is_inf(x),
                              where(x > 0, full({}, positive.value_or(limit), x.dtype()),
                                    full({}, negative.value_or(-limit), x.dtype())),
                              x);
  return where(is_nan(x), full({}, nan, x.dtype()), bounded);
}

Array is_close(const Operand& lhs, const Operand& rhs, const Closeness& closeness) {
  const WrittenAt at(lhs.where());
  const Array x = convert(lhs.array(), DType::f32), y = convert(rhs.array(), DType::f32);
  const Array near = abs(x - y) <= abs(y) * closeness.relative + closeness.absolute;
  const Array close = (near & is_finite(x) & is_finite(y)) | equal(x, y);
  return closeness.equal_nan ? close | (is_nan(x) & is_nan(y)) : close;
}

Array all_close(const Operand& lhs, const Operand& rhs, const Closeness& closeness) {
  const WrittenAt at(lhs.where());
  return all(is_close(lhs, rhs, closeness));
}

Array array_equal(const Operand& lhs, const Operand& rhs, bool equal_nan) {
  const WrittenAt at(lhs.where());
  const Array x = lhs.array(), y = rhs.array();
  if (x.shape() != y.shape())
    return full({}, false);
  const Array same = equal(x, y);
  const bool nan = equal_nan && is_float(x.dtype()) && is_float(y.dtype());
  return all(nan ? same | (is_nan(x) & is_nan(y)) : same);
}

}  // namespace ashlar
