// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/group_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ashlar::gguf {
namespace {

// Sums over the group that least squares need.
struct Moments {
  double n = 0, q = 0, qq = 0, x = 0, qx = 0;

  void add(double number, double value) {
    n += 1;
    q += number;
    qq += number * number;
    x += value;
    qx += number * value;
  }

  // Of value ~ scale * number - minimum, less the sum of squared values.
  double error(double scale, double minimum) const {
    return scale * scale * qq - 2 * scale * qx + n * minimum * minimum -
           2 * minimum * (scale * q - x);
  }
};

// What to scale the obvious choice by: it meets the extremes, which are rare.
constexpr int kTries = 20;
constexpr double factor_of(int attempt) {
  return 0.7 + 0.4 * attempt / kTries;
}

// The best scale and minimum for numbers that are given; `chosen` where all of them are equal.
AffineFit solve(const Moments& m, const AffineFit& chosen) {
  const double determinant = m.n * m.qq - m.q * m.q;
  if (determinant <= 0)
    return chosen;
  const double scale = (m.n * m.qx - m.q * m.x) / determinant,
               minimum = (m.q * m.qx - m.qq * m.x) / determinant;
  if (minimum >= 0)
    return {static_cast<float>(scale), static_cast<float>(minimum)};
  return {static_cast<float>(m.qx / m.qq), 0};
}

}  // namespace

AffineFit fit_affine(std::span<const float> values, int most) {
  const auto [least, greatest] = std::ranges::minmax(values);
  const double low = std::min(least, 0.0f), high = std::max(greatest, 0.0f);
  if (high == low)
    return {0, 0};
  AffineFit best{};
  double best_error = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt <= kTries; ++attempt) {
    const double scale = factor_of(attempt) * (high - low) / most,
                 minimum = -low * std::min(factor_of(attempt), 1.0);
    Moments moments;
    for (const double value : values)
      moments.add(std::clamp(std::nearbyint((value + minimum) / scale), 0.0, double(most)), value);
    const AffineFit fit = solve(moments, {static_cast<float>(scale), static_cast<float>(minimum)});
    if (const double error = moments.error(fit.scale, fit.minimum); error < best_error) {
      best_error = error;
      best = fit;
    }
  }
  return best;
}

float fit_symmetric(std::span<const float> values, int half) {
  const double edge = *std::ranges::max_element(values, {}, [](float x) { return std::abs(x); });
  if (edge == 0)
    return 0;
  float best = 0;
  double best_error = 0;
  for (int attempt = 0; attempt <= kTries; ++attempt) {
    // Negative, so that the edge meets the side that reaches further.
    const double scale = -factor_of(attempt) * edge / half;
    Moments moments;
    for (const double value : values)
      moments.add(std::clamp(std::nearbyint(value / scale), double(-half), double(half - 1)),
                  value);
    if (moments.qq == 0)
      continue;
    const double fit = moments.qx / moments.qq;
    if (const double error = moments.error(fit, 0); error < best_error) {
      best_error = error;
      best = static_cast<float>(fit);
    }
  }
  return best;
}

}  // namespace ashlar::gguf
