// SPDX-License-Identifier: Apache-2.0
// Prices call options by simulating where the share ends, with the sensitivity to its price by
// differentiating the simulation, and compares both with the formula of Black and Scholes.
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/array/transforms.h"
#include "runtime/program/error.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <numbers>

using namespace ashlar;

namespace {

constexpr int kPaths = 1 << 19;
constexpr double kSpot = 100, kRate = 0.03, kVolatility = 0.2, kYears = 1;

struct Price {
  double value, delta;  // delta: how the value moves with the price of the share
};

Price closed_form(double strike) {
  const auto normal = [](double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); };
  const double deviation = kVolatility * std::sqrt(kYears);
  const double d1 =
      (std::log(kSpot / strike) + (kRate + kVolatility * kVolatility / 2) * kYears) / deviation;
  return {kSpot * normal(d1) - strike * std::exp(-kRate * kYears) * normal(d1 - deviation),
          normal(d1)};
}

// What the option pays on each path, as of today.
Array payoffs(const Array& spot, const Array& strike, const Array& noise) {
  const Array end = spot * exp(noise * (kVolatility * std::sqrt(kYears)) +
                               (kRate - kVolatility * kVolatility / 2) * kYears);
  return maximum(end - strike, 0.0) * std::exp(-kRate * kYears);
}

void run() {
  const Array noise = random::normal(random::key(11), {kPaths});
  eval(noise);
  double worst = 0;  // in standard errors
  fmt::print("strike   formula  simulated   +-       delta   simulated\n");
  for (double strike : {80.0, 90.0, 100.0, 110.0, 120.0}) {
    const Array spot = full({}, kSpot), at = full({}, strike);
    const auto [value, delta] =
        value_and_grad([&](const Array& s) { return mean(payoffs(s, at, noise)); })(spot);
    const Array error = std_dev(payoffs(spot, at, noise)) / std::sqrt(kPaths);
    eval({value, delta, error});
    const Price exact = closed_form(strike);
    fmt::print("{:6.0f}  {:8.4f}   {:8.4f}  {:.4f}  {:8.4f}    {:8.4f}\n", strike, exact.value,
               value.item<float>(), error.item<float>(), exact.delta, delta.item<float>());
    worst = std::max(worst, std::abs(value.item<float>() - exact.value) / error.item<float>());
  }
  fmt::print("{} paths; simulated prices are within {:.1f} standard errors of the formula\n",
             kPaths, worst);
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
