// SPDX-License-Identifier: Apache-2.0
// Trains a small network to tell the arms of a spiral apart, and draws where it sees which.
//
//     spiral [FILE.svg]
#include "models/nn/losses.h"
#include "models/nn/modules.h"
#include "models/optim/optimizers.h"
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "svg.h"

#include <array>
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

struct Net : nn::Sequential {
  explicit Net(const Array& key) {
    const Array keys = random::split(key, 3);
    then<nn::Linear>(keys(0), 2, kHidden).then(relu);
    then<nn::Linear>(keys(1), kHidden, kHidden).then(relu);
    then<nn::Linear>(keys(2), kHidden, kArms);
  }
};

void train(Net& net, const Points& points) {
  const optim::AdamW adamw(
      {.learning_rate = optim::cosine_decay(0.03, kSteps), .weight_decay = 0.01});
  ArrayMap parameters = net.trainable(), state = adamw.init(parameters);
  for (int step = 0; step <= kSteps; ++step) {
    const auto [loss, gradients] =
        value_and_grad(net, [&] { return nn::cross_entropy(net(points.positions), points.arms); });
    adamw.step(parameters, state, gradients);
    net.update(parameters);
    eval(all_of(loss, parameters, state));
    if (step % 50 == 0)
      fmt::print("step {:3}  loss {:.4f}\n", step, loss.item<float>());
  }
}

// The arm that the network sees at each point of a grid, row by row.
std::vector<std::int32_t> seen_on_grid(Net& net) {
  const Array ticks = linspace(-kReach, kReach, kGrid);
  const std::vector<Array> grid = meshgrid({ticks, ticks});
  const Array positions = stack({flatten(grid[0]), flatten(grid[1])}, 1);
  return argmax(net(positions), -1).to_vector<std::int32_t>();
}

void plot(const std::string& path, const Points& points, Net& net) {
  constexpr std::array kPale = {"#f7c6c2", "#c9e4c5", "#c5d5f2"};
  constexpr std::array kStrong = {"#c0392b", "#2e8b57", "#2456a8"};
  Svg svg({-kReach, kReach}, {-kReach, kReach});
  const std::vector<std::int32_t> seen = seen_on_grid(net);
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
  Net net(random::key(2));
  train(net, points);
  const Array seen = argmax(net(points.positions), -1);
  fmt::print("accuracy {:.3f}\n", mean(seen == points.arms).item<float>());
  plot(path, points, net);
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
