// SPDX-License-Identifier: Apache-2.0
// Fits a polynomial to noisy points of a sine by gradient descent, and plots both.
//
//     polynomial_fit [FILE.svg]
#include "models/nn/losses.h"
#include "models/optim/optimizers.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "svg.h"

#include <cstdio>
#include <numbers>

using namespace ashlar;

namespace {

constexpr int kPoints = 64, kTerms = 6, kSteps = 400;

// x^0, x^1, ... of each x: [points, terms].
Array powers(const Array& x) {
  return power(expand_dims(x, 1), arange(kTerms).astype(DType::f32));
}

Array predict(const ArrayMap& parameters, const Array& x) {
  return matmul(powers(x), parameters.at("coefficients"));
}

void plot(const std::string& path, const Array& x, const Array& y, const ArrayMap& parameters) {
  Svg svg({-1, 1}, {-1.6, 1.6});
  const std::vector<float> xs = x.to_vector<float>(), ys = y.to_vector<float>();
  for (std::size_t i = 0; i < xs.size(); ++i)
    svg.dot(xs[i], ys[i], "steelblue");
  const std::vector<float> fitted = predict(parameters, x).to_vector<float>();
  std::vector<std::pair<double, double>> curve;
  for (std::size_t i = 0; i < xs.size(); ++i)
    curve.emplace_back(xs[i], fitted[i]);
  svg.line(curve, "firebrick");
  if (!svg.save(path))
    throw IoError("polynomial_fit", "cannot write '{}'", path);
  fmt::print("wrote {}\n", path);
}

void run(const std::string& path) {
  const Array x = linspace(-0.999, 0.999, kPoints);
  const Array noise = random::normal(random::key(1), {kPoints}) * 0.1;
  const Array y = sin(x * std::numbers::pi) + noise;
  eval({x, y});

  const optim::Adam adam({.learning_rate = optim::cosine_decay(0.2, kSteps)});
  ArrayMap parameters{{"coefficients", zeros({kTerms})}};
  ArrayMap state = adam.init(parameters);
  for (int step = 0; step <= kSteps; ++step) {
    const auto [loss, gradients] = value_and_grad(
        [&](const ArrayMap& p) { return nn::mse_loss(predict(p, x), y); }, parameters);
    adam.step(parameters, state, gradients);
    eval(all_of(loss, parameters, state));
    if (step % 100 == 0)
      fmt::print("step {:3}  loss {:.4f}\n", step, loss.item<float>());
  }
  fmt::print("coefficients");
  for (float c : parameters.at("coefficients").to_vector<float>())
    fmt::print(" {:.3f}", c);
  fmt::print("\n");
  plot(path, x, y, parameters);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "polynomial_fit.svg");
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
