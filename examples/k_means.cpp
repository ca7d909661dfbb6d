// SPDX-License-Identifier: Apache-2.0
// Finds the groups in a cloud of points by Lloyd's algorithm, and plots them.
//
//     k_means [FILE.svg]
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "svg.h"

#include <array>
#include <cstdio>
#include <numbers>

using namespace ashlar;

namespace {

constexpr int kGroups = 5, kPerGroup = 200;

// Points around kGroups places on a circle: [N, 2].
Array cloud(const Array& key) {
  const Array angle = arange(kGroups) * (2 * std::numbers::pi / kGroups);
  const Array places = stack({cos(angle), sin(angle)}, 1);
  return repeat(places, kPerGroup, 0) + random::normal(key, {kGroups * kPerGroup, 2}) * 0.25;
}

struct Clustering {
  Array centres;  // [K, 2]
  Array nearest;  // i32 [N]
  Array spread;   // the mean squared distance to the nearest centre
};

Clustering assign(const Array& points, const Array& centres) {
  const Array distances = sum(square(expand_dims(points, 1) - centres), -1);  // [N, K]
  return {centres, argmin(distances, -1), mean(min(distances, -1))};
}

// The mean of each group's points; a group without any keeps its centre.
Array centres_of(const Clustering& clustering, const Array& points) {
  const Array nearest = clustering.nearest;
  const Array total = scatter_add(zeros({kGroups, 2}), nearest, points);
  const Array count = scatter_add(zeros({kGroups, 1}), nearest, ones({points.dim(0), 1}));
  return where(count > 0, total / maximum(count, 1.0), clustering.centres);
}

// Each centre is the point farthest from those before it.
Array first_centres(const Array& points) {
  Array centres = points(Slice(0, 1));
  while (centres.dim(0) < kGroups) {
    const Array distances = min(sum(square(expand_dims(points, 1) - centres), -1), -1);
    const Array farthest = argmax(distances, 0, /*keepdims=*/true);
    centres = concatenate({centres, take(points, farthest)});
  }
  return centres;
}

Clustering cluster(const Array& points) {
  Clustering now = assign(points, first_centres(points));
  eval({now.centres, now.nearest, now.spread});
  for (int round = 1;; ++round) {
    const Clustering next = assign(points, centres_of(now, points));
    const Array moved = sum(next.nearest != now.nearest);
    eval({next.centres, next.nearest, next.spread, moved});
    now = next;
    fmt::print("round {:2}  spread {:.4f}  moved {}\n", round, now.spread.item<float>(),
               moved.item<std::int32_t>());
    if (moved.item<std::int32_t>() == 0)
      return now;
  }
}

void plot(const std::string& path, const Array& points, const Clustering& clustering) {
  constexpr std::array kColours = {"#c0392b", "#2e8b57", "#2456a8", "#d68910", "#7d3c98"};
  Svg svg({-2, 2}, {-2, 2});
  const std::vector<float> xy = points.to_vector<float>();
  const std::vector<std::int32_t> nearest = clustering.nearest.to_vector<std::int32_t>();
  for (std::size_t i = 0; i < nearest.size(); ++i)
    svg.dot(xy[2 * i], xy[2 * i + 1], kColours[static_cast<std::size_t>(nearest[i])]);
  const std::vector<float> centres = clustering.centres.to_vector<float>();
  for (std::size_t i = 0; i < centres.size(); i += 2)
    svg.dot(centres[i], centres[i + 1], "black", 8);
  if (!svg.save(path))
    throw IoError("k_means", "cannot write '{}'", path);
  fmt::print("wrote {}\n", path);
}

void run(const std::string& path) {
  const Array points = cloud(random::key(4));
  eval(points);
  const Clustering found = cluster(points);
  fmt::print("sizes");
  const Array count = sum(expand_dims(found.nearest, 1) == arange(kGroups), 0);
  for (std::int32_t size : count.to_vector<std::int32_t>())
    fmt::print(" {}", size);
  fmt::print("\n");
  plot(path, points, found);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(argc > 1 ? argv[1] : "k_means.svg");
    return 0;
  } catch (const Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
