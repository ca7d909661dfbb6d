// SPDX-License-Identifier: Apache-2.0
#include "codegen/math/exponential.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace ashlar::codegen {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
constexpr double kLn2High = 0x1.62e4p-1;
constexpr double kLn2Low = std::numbers::ln2 - kLn2High;

// Results are infinite or zero outside; NaN passes.
Real clamped(Real x, double low, double high) {
  x = select(x < low, low, x);
  return select(x > high, high, x);
}

// x = n ln 2 + r, and e^r - 1.
struct ReducedExp {
  Int n;
  Real minus_one;
};

ReducedExp reduce_exp(Real x) {
  Real n = round_even(x * std::numbers::log2e);
  Real r = x - n * kLn2High - n * kLn2Low;
  Real tail = polynomial(r, {0.5, 0.1666666716337204, 0.041666463017463684, 0.008333206176757812,
                             0.0013935103779658675, 0.0001994593912968412});
  return {to_int(n), fma(r * r, tail, r)};
}

// 2^(n + r) for |r| <= 1/2.
Real scaled_exp2(Int n, Real r) {
  Real series = polynomial(r, {0.6931471824645996, 0.24022650718688965, 0.05550406128168106,
                               0.00961808767169714, 0.0013336660340428352, 0.00015451844956260175,
                               1.4672952602268197e-05});
  return scale(fma(r, series, r.like(1)), n);
}

// x = 2^exponent (1 + fraction), 1 + fraction in [sqrt(1/2), sqrt(2)), for positive finite x.
struct Split {
  Int exponent;
  Real fraction;
};

constexpr std::int64_t kSqrtHalfBits = 0x3f3504f3;

Int exponent_of(Int bits) {
  return shift_right_signed(bits - kSqrtHalfBits, 23);
}

Split split(Real x) {
  // Subnormal numbers are integers times 2^-149; a device that flushes them still sees the integer.
  constexpr std::int64_t kLeastNormal = 0x00800000;
  Int bits = bits_of(x);
  Bool subnormal = less_unsigned(bits, kLeastNormal);
  Int normalised = select(subnormal, bits_of(to_real_unsigned(bits)), bits);
  Int n = exponent_of(normalised);
  Real mantissa = from_bits(normalised - (n << 23));
  return {select(subnormal, n - 149, n), mantissa - 1};
}

// f^3 times a polynomial: log(1 + f) = f - f^2 / 2 + this.
Real log_tail(Real f) {
  return f * f * f *
         polynomial(f, {0.3333331346511841, -0.25000008940696716, 0.2000207155942917,
                        -0.16667990386486053, 0.14220362901687622, -0.12406207621097565,
                        0.11883470416069031, -0.11670192331075668, 0.06749556213617325});
}

// n ln 2 + log(1 + f)
Real log_of(Int exponent, Real f) {
  Real n = to_real(exponent);
  Real tail = fma(n, n.like(kLn2Low), log_tail(f)) - 0.5 * f * f;
  return n * kLn2High + (f + tail);
}

Bool is_zero(Real x) {
  return (bits_of(x) & 0x7fffffff) == 0;
}
Bool is_negative(Real x) {
  return shift_right_unsigned(bits_of(x), 31) == 1;
}

// What every logarithm does outside the positive finite numbers, -0 included.
Real with_log_limits(Real x, Real result) {
  result = select(bits_of(x) == 0x7f800000, kInfinity, result);
  result = select(is_negative(x) | is_nan(x), kNaN, result);
  return select(is_zero(x), -kInfinity, result);
}

// ------------------------------------------------------------------------- sums of two floats

struct Pair {
  Real high, low;
};

Pair sum_of_ordered(Real larger, Real smaller) {
  Real high = larger + smaller;
  return {high, smaller - (high - larger)};
}

// The upper 12 bits of the mantissa, so that products of two such are exact.
Real upper_half(Real x) {
  return from_bits(bits_of(x) & 0xfffff000);
}

// Exact, without a fused multiply-add.
Pair product(Real a, Real b) {
  Real a1 = upper_half(a), b1 = upper_half(b);
  Real a2 = a - a1, b2 = b - b1;
  Real high = a * b;
  return {high, a1 * b1 - high + a1 * b2 + a2 * b1 + a2 * b2};
}

Pair product(Pair a, Real b) {
  Pair high = product(a.high, b);
  return sum_of_ordered(high.high, high.low + a.low * b);
}

// log2 of a positive finite number, to about 2^-31: as 2 / ln 2 * artanh(f / (2 + f)).
Pair log2_pair(Real x) {
  auto [exponent, f] = split(x);
  Real d = f + 2;
  Real d_low = f - (d - 2);
  Real quotient = f / d;
  Pair back = product(quotient, d);
  Real quotient_low = (f - back.high - back.low - quotient * d_low) / d;
  Real square = quotient * quotient;
  Real tail = quotient * square *
              polynomial(square, {0.3333333134651184, 0.20000486075878143, 0.14249396324157715,
                                  0.12139415740966797});
  Pair artanh = sum_of_ordered(quotient, tail + quotient_low);

  constexpr double kFactor = 2 / std::numbers::ln2;
  constexpr double kFactorHigh = static_cast<float>(kFactor);
  Pair log = product(artanh, f.like(kFactorHigh));
  Real low = log.low + artanh.high * (kFactor - kFactorHigh);
  Real n = to_real(exponent);
  // |n| is 0 or at least twice the fraction's logarithm.
  Pair sum = sum_of_ordered(n, log.high);
  Bool no_exponent = exponent == 0;
  return {select(no_exponent, log.high, sum.high), select(no_exponent, low, sum.low + low)};
}

// Whether y is an odd integer, and whether it is an integer at all (infinities are even).
struct Parity {
  Bool integer, odd;
};

Parity parity(Real y) {
  Real half = 0.5 * y;
  Bool integer = floor(y) == y;
  return {integer, integer & !(floor(half) == half)};
}

}  // namespace

Real exp(Real x) {
  auto [n, minus_one] = reduce_exp(clamped(x, -104, 89));
  return scale(1 + minus_one, n);
}

Real exp2(Real x) {
  x = clamped(x, -150, 129);
  Real n = round_even(x);
  return scaled_exp2(to_int(n), x - n);
}

Real expm1(Real x) {
  auto [n, minus_one] = reduce_exp(clamped(x, -18, 89));
  // 2^n (e^r - 1) + 2^n - 1, from half of 2^n since n may be 128. Exact for n = 0.
  Real half = power_of_two(n - 1);
  Real result = 2 * (half * minus_one + (half - 0.5));
  return copy_sign(select(n == 0, minus_one, result), x);
}

Real log(Real x) {
  auto [exponent, f] = split(x);
  return with_log_limits(x, log_of(exponent, f));
}

Real log2(Real x) {
  auto [exponent, f] = split(x);
  Real tail = log_tail(f) - 0.5 * f * f;
  // log2(e) = 1.5 - 0.0573...: the larger factor is exact.
  constexpr double kRest = std::numbers::log2e - 1.5;
  Real log = f * 1.5 + (f * kRest + tail * std::numbers::log2e);
  return with_log_limits(x, to_real(exponent) + log);
}

Real log1p(Real x) {
  Real sum = 1 + x;
  Int n = exponent_of(bits_of(sum));
  // (1 + x) / 2^n - 1 without the rounding of 1 + x; times 4 at first, since n may be 128.
  Real down = power_of_two(n.like(2) - n);
  Real f = select(n == 0, x, 0.25 * (x * down + (down - 4)));
  Real result = with_log_limits(sum, log_of(n, f));
  return select(is_zero(x), x, result);
}

Real power(Real x, Real y) {
  Real magnitude = abs(x);
  Pair log = log2_pair(magnitude);
  Bool x_infinite = magnitude == kInfinity;
  Real high = select(x_infinite, kInfinity, log.high);
  high = select(is_zero(x), -kInfinity, high);

  Pair exponent = product(log, y);
  Real whole = clamped(high * y, -152, 152);
  // Elsewhere the result is 0 or infinite, and the low part may be NaN.
  Bool ordinary = (abs(exponent.high) < 151) & !x_infinite & !is_zero(x);
  Real n = round_even(whole);
  Real r = select(ordinary, exponent.high - n + exponent.low, 0);
  Real result = scaled_exp2(to_int(n), r);
  result = select(magnitude == 1, 1, result);

  auto [y_integer, y_odd] = parity(y);
  Bool negative = is_negative(x);
  result = select(negative & y_odd, -result, result);
  Bool no_root = negative & !y_integer & !x_infinite & !is_zero(x);
  result = select(no_root | is_nan(x) | is_nan(y), kNaN, result);
  return select(is_zero(y) | (x == 1), 1, result);
}

}  // namespace ashlar::codegen
