// SPDX-License-Identifier: Apache-2.0
#include "codegen/math/trigonometric.h"

#include <array>
#include <limits>
#include <numbers>

namespace ashlar::codegen {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kHalfPi = std::numbers::pi / 2;
constexpr std::int64_t kMagnitude = 0x7fffffff;
constexpr std::int64_t kInfinityBits = 0x7f800000;

// The binary digits of 2/pi behind the point, after 32 zeros.
constexpr std::array<std::uint32_t, 8> kTwoOverPi = {
    0x00000000, 0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab};
constexpr std::int64_t kMaxFirstWord = 4;

// Digit words `first + offset` of 2/pi.
Int digits(Int first, int offset) {
  Int word = first.like(kTwoOverPi[offset]);
  for (std::int64_t i = 1; i <= kMaxFirstWord && i + offset < std::ssize(kTwoOverPi); ++i)
    word = select(first == i, first.like(kTwoOverPi[i + offset]), word);
  return word;
}

// The upper 32 of 64 bits, shifted left by less than 32.
Int window(Int high, Int low, Int shift) {
  Int both = (high.widened() << 32) | low.widened();
  return truncated(shift_right_unsigned(both << shift.widened(), 32));
}

// |x| = quadrant * pi/2 + angle, |angle| <= pi/4.
struct Reduced {
  Int quadrant;  // modulo 4
  Real angle;
};

// Payne and Hanek, "Radian reduction for trigonometric functions" (SIGNUM 1983): x * 2/pi in fixed
// point from those digits of 2/pi that matter, 62 of them behind the point.
Reduced reduce(Real x) {
  constexpr std::int64_t kFirstDigitExponent = 120;  // the digits for this exponent are the first
  Int bits = bits_of(x) & kMagnitude;
  Int mantissa = ((bits & 0x007fffff) | 0x00800000).widened();
  Int exponent = shift_right_unsigned(bits, 23);
  Int position = exponent - kFirstDigitExponent;
  Int first = shift_right_signed(position, 5);
  Int shift = position & 31;
  Int w0 = digits(first, 0), w1 = digits(first, 1), w2 = digits(first, 2), w3 = digits(first, 3);

  Int fixed = (mantissa * window(w0, w1, shift).widened() << 32) +
              mantissa * window(w1, w2, shift).widened() +
              shift_right_unsigned(mantissa * window(w2, w3, shift).widened(), 32);
  constexpr std::int64_t kHalfQuadrant = std::int64_t{1} << 61;
  Int quadrant = shift_right_unsigned(fixed + kHalfQuadrant, 62);
  Real angle = to_real(fixed - (quadrant << 62)) * (kHalfPi * 0x1p-62);

  // Within pi/4 the argument is its own angle, and more exact.
  Bool small = less_unsigned(bits, 0x3f490fdb);
  Int none = bits.like(0);
  return {select(small, none, truncated(quadrant)), select(small, from_bits(bits), angle)};
}

Real sin_series(Real angle) {
  Real square = angle * angle;
  Real tail = polynomial(square, {-0.1666666716337204, 0.008333379402756691,
                                  -0.00019853076082654297, 2.832794734786148e-06});
  return fma(angle * square, tail, angle);
}

Real cos_series(Real angle) {
  Real square = angle * angle;
  Real tail = polynomial(square, {0.0416666679084301, -0.001388898235745728, 2.4822986233630218e-05,
                                  -2.897764659337554e-07});
  Real half = 0.5 * square;
  Real most = 1 - half;
  // What the subtraction rounded away, then the tail.
  return most + fma(square * square, tail, (1 - most) - half);
}

Bool is_finite(Real x) {
  return less_unsigned(bits_of(x) & kMagnitude, kInfinityBits);
}

// Flips the sign of `x` where bit `bit` of `quadrant` is set.
Real with_sign_of(Real x, Int quadrant, std::int64_t bit) {
  return from_bits(bits_of(x) ^ ((shift_right_unsigned(quadrant, bit) & 1) << 31));
}

// sin(|x| + shift * pi/2)
Real shifted_sin(Real x, std::int64_t shift) {
  auto [quadrant, angle] = reduce(x);
  quadrant = quadrant + shift;
  Real result = select((quadrant & 1) == 0, sin_series(angle), cos_series(angle));
  return with_sign_of(result, quadrant, 1);
}

// arctan on [0, 1].
Real arctan_series(Real x) {
  Real square = x * x;
  Real tail = polynomial(square, {-0.3333333134651184, 0.1999988853931427, -0.1428351104259491,
                                  0.11088984459638596, -0.08958710730075836, 0.07179266959428787,
                                  -0.05297771096229553, 0.03258519619703293, -0.014859680086374283,
                                  0.004307922907173634, -0.0005834330222569406});
  return fma(x * square, tail, x);
}

}  // namespace

Real sin(Real x) {
  Real result = shifted_sin(x, 0);
  result = from_bits(bits_of(result) ^ (bits_of(x) & ~kMagnitude));
  return select(is_finite(x), result, kNaN);
}

Real cos(Real x) {
  return select(is_finite(x), shifted_sin(x, 1), kNaN);
}

Real tan(Real x) {
  auto [quadrant, angle] = reduce(x);
  Real sine = sin_series(angle), cosine = cos_series(angle);
  Bool even = (quadrant & 1) == 0;
  Real result = select(even, sine, cosine) / select(even, cosine, sine);
  result = with_sign_of(result, quadrant, 0);
  result = from_bits(bits_of(result) ^ (bits_of(x) & ~kMagnitude));
  return select(is_finite(x), result, kNaN);
}

Real atan2(Real y, Real x) {
  constexpr double kHalfPiHigh = static_cast<float>(kHalfPi);
  Real height = abs(y), width = abs(x);
  Bool steep = height > width;
  Real larger = select(steep, height, width);
  Real ratio = select(steep, width, height) / larger;
  ratio = select(larger == 0, 0, ratio);
  ratio = select(height == width, select(larger == 0, 0, x.like(1)), ratio);
  Real angle = arctan_series(ratio);
  angle = select(steep, kHalfPiHigh - (angle - (kHalfPi - kHalfPiHigh)), angle);
  Bool left = shift_right_unsigned(bits_of(x), 31) == 1;
  angle = select(left, 2 * kHalfPiHigh - (angle - 2 * (kHalfPi - kHalfPiHigh)), angle);
  return select(is_nan(x) | is_nan(y), kNaN, copy_sign(angle, y));
}

}  // namespace ashlar::codegen
