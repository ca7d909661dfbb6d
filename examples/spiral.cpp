// SPDX-License-Identifier: Apache-2.0
// Trains a small network to tell the arms of a spiral apart, and draws where it sees which.
//
//     spiral [FILE.svg]
#include "models/nn/losses.h"
#include "models/optim/optimizers.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "svg.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

using namespace ashlar;

namespace {

constexpr int kArms = 3, kPerArm = 100, kHidden = 32, kSteps = 300, kGrid = 96;
constexpr double kReach = 1.2;

struct Points {
  Array positions;  // [N, 2]
  Array arms;       // i32 [N]
};

Points spiral(const Array& key) {
  const Array distance = tile(linspace(0.02, 1, kPerArm), {kArms});
  const Array arms = repeat(arange(kArms), kPerArm, 0);
  const Array turn = distance * 4 + arms * (2 * std::numbers::pi / kArms) +
                     random::normal(key, {kArms * kPerArm}) * 0.1;
  return {stack({distance * cos(turn), distance * sin(turn)}, 1), arms};
}

ArrayMap random_parameters(const Array& key) {
  const Array keys = random::split(key, 3);
  const auto weights = [&](int i, int out, int in) {
    return random::normal(keys(i), {out, in}) * std::sqrt(2.0 / in);
  };
  return {{"in.weight", weights(0, kHidden, 2)},           {"in.bias", zeros({kHidden})},
          {"middle.weight", weights(1, kHidden, kHidden)}, {"middle.bias", zeros({kHidden})},
          {"out.weight", weights(2, kArms, kHidden)},      {"out.bias", zeros({kArms})}};
}

Array logits(const ArrayMap& p, const Array& x) {
  const Array first = relu(linear(x, p.at("in.weight"), p.at("in.bias")));
  const Array second = relu(linear(first, p.at("middle.weight"), p.at("middle.bias")));
  return linear(second, p.at("out.weight"), p.at("out.bias"));
}

void evaluate(const ArrayMap& parameters, const ArrayMap& state, const Array& loss) {
  std::vector<Array> all{loss};
  for (const ArrayMap* map : {&parameters, &state})
    for (const auto& [name, array] : *map)
      all.push_back(array);
  eval(all);
}

ArrayMap train(const Points& points) {
  const optim::AdamW adamw(
      {.learning_rate = optim::cosine_decay(0.03, kSteps), .weight_decay = 0.01});
  ArrayMap parameters = random_parameters(random::key(2)), state = adamw.init(parameters);
  for (int step = 0; step <= kSteps; ++step) {
    const auto [loss, gradients] = value_and_grad(
        [&](const ArrayMap& p) {
          return nn::cross_entropy(logits(p, points.positions), points.arms);
        },
        parameters);
    adamw.step(parameters, state, gradients);
    evaluate(parameters, state, loss);
    if (step % 50 == 0)
      fmt::print("step {:3}  loss {:.4f}\n", step, loss.item<float>());
  }
  return parameters;
}

// The arm that the network sees at each point of a grid, row by row.
std::vector<std::int32_t> seen_on_grid(const ArrayMap& parameters) {
  const Array ticks = linspace(-kReach, kReach, kGrid);
  const std::vector<Array> grid = meshgrid({ticks, ticks});
  const Array positions = stack({flatten(grid[0]), flatten(grid[1])}, 1);
  return argmax(logits(parameters, positions), -1).to_vector<std::int32_t>();
}

void plot(const std::string& path, const Points& points, const ArrayMap& parameters) {
  constexpr std::array kPale = {"#f7c6c2", "#c9e4c5", "#c5d5f2"};
  constexpr std::array kStrong = {"#c0392b", "#2e8b57", "#2456a8"};
  Svg svg({-kReach, kReach}, {-kReach, kReach});
  const std::vector<std::int32_t> seen = seen_on_grid(parameters);
  const double side = 2 * kReach / kGrid;
  for (int row = 0; row < kGrid; ++row)
    for (int begin = 0, end = 0; begin < kGrid; begin = end) {
      const auto arm = seen[static_cast<std::size_t>(row * kGrid + begin)];
      while (end < kGrid && seen[static_cast<std::size_t>(row * kGrid + end)] == arm)
        ++end;
      svg.rectangle({-kReach + begin * side, -kReach + end * side},
                    {-kReach + row * side, -kReach + (row + 1) * side},
                    kPale[static_cast<std::size_t>(arm)]);
    }
  const std::vector<float> xy = points.positions.to_vector<float>();
  const std::vector<std::int32_t> arms = points.arms.to_vector<std::int32_t>();
  for (std::size_t i = 0; i < arms.size(); ++i)
    svg.dot(xy[2 * i], xy[2 * i + 1], kStrong[static_cast<std::size_t>(arms[i])]);
  if (!svg.save(path))
    throw IoError("spiral", "cannot write '{}'", path);
  fmt::print("wrote {}\n", path);
}

void run(const std::string& path) {
  const Points points = spiral(random::key(1));
  eval({points.positions, points.arms});
  const ArrayMap parameters = train(points);
  const Array seen = argmax(logits(parameters, points.positions), -1);
  fmt::print("accuracy {:.3f}\n", mean(seen == points.arms).item<float>());
  plot(path, points, parameters);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "spiral.svg");
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
