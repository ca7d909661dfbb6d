// SPDX-License-Identifier: Apache-2.0
// Optimisers whose rules look at a parameter as a matrix.
#include "models/optim/optimizers.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <cmath>

namespace ashlar::optim {
namespace {

// As in PyTorch: what a root mean square or a sum of squares is at least.
constexpr double kTiny = 0x1p-23;

Array root_mean_square(const Array& x) {
  return sqrt(mean(square(x)));
}

// The orthogonal matrix next to `x`, roughly: singular values end near 1. Coefficients of Jordan et
// al.; each step maps a singular value s to a s + b s^3 + c s^5.
Array orthogonalized(const Array& x, int steps) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;
  const bool tall = x.dim(0) > x.dim(1);
  Array y = tall ? transpose(x) : x;
  y = y / maximum(sqrt(sum(square(y))), 1e-7);
  for (int i = 0; i < steps; ++i) {
    const Array gram = linear(y, y);  // y y^T
    y = y * a + matmul(gram * b + matmul(gram, gram) * c, y);
  }
  return tall ? transpose(y) : y;
}

}  // namespace

std::vector<Optimizer::Slot> Adafactor::slots_of(const Shape& parameter) const {
  if (parameter.rank() < 2)
    return {{"square", parameter}};
  std::vector<std::int64_t> row = parameter.dims(), column = parameter.dims();
  row.back() = 1;
  column[column.size() - 2] = 1;
  return {{"row", Shape(row)}, {"column", Shape(column)}};
}

Array Adafactor::update(const Moved& moved, std::span<Array> slots) const {
  const Array enters = power(moved.count, options_.beta2_decay);  // share of this step
  const Array squares = square(moved.gradient);
  const auto average = [&](Array& slot, const Array& value) {
    slot = slot + (value - slot) * enters;
    return slot;
  };
  Array variance = squares;
  if (slots.size() == 1) {
    variance = average(slots[0], squares);
  } else {
    const Array rows = average(slots[0], mean(squares, -1, true));
    const Array columns = average(slots[1], mean(squares, -2, true));
    variance = rows * columns / maximum(mean(rows, -2, true), kTiny);
  }
  const Array step = moved.gradient * rsqrt(maximum(variance, kTiny * kTiny));
  const Array relative = minimum(moved.learning_rate, rsqrt(moved.count)) *
                         maximum(root_mean_square(moved.parameter), options_.epsilon);
  const Array shrink = maximum(root_mean_square(step) / options_.clip, 1.0);
  return moved.parameter * (1 - moved.learning_rate * options_.weight_decay) -
         step * (relative / shrink);
}

std::vector<Optimizer::Slot> Muon::slots_of(const Shape& parameter) const {
  if (parameter.rank() != 2)
    throw InvalidArgument("muon", "expected matrices, got a parameter {}", parameter.to_string());
  return {{"momentum", parameter}};
}

Array Muon::update(const Moved& moved, std::span<Array> slots) const {
  const auto blend = [&](const Array& from, const Array& to) {
    return from * options_.momentum + to * (1 - options_.momentum);
  };
  slots[0] = blend(slots[0], moved.gradient);
  const Array step = options_.nesterov ? blend(slots[0], moved.gradient) : slots[0];
  const double rows = static_cast<double>(moved.parameter.dim(0));
  const double columns = static_cast<double>(moved.parameter.dim(1));
  // Tall matrices take larger steps, so that outputs move alike whatever the shape.
  const double scale = std::sqrt(std::max(1.0, rows / columns));
  return moved.parameter * (1 - moved.learning_rate * options_.weight_decay) -
         moved.learning_rate * orthogonalized(step, options_.steps) * scale;
}

}  // namespace ashlar::optim
