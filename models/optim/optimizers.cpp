// SPDX-License-Identifier: Apache-2.0
#include "models/optim/optimizers.h"

#include "runtime/array/ops.h"

#include <cmath>

namespace ashlar::optim {
namespace {

// The running mean of `value`, kept in `slot`.
Array averaged(Array& slot, const Array& value, double beta) {
  slot = slot * beta + value * (1 - beta);
  return slot;
}

// 1 - beta^count, exact to the last bits also where beta is close to 1: how much of a running mean
// is not its zero start.
Array unbiased(double beta, const Array& count) {
  return -expm1(count * std::log(beta));
}

}  // namespace

std::vector<Optimizer::Slot> Sgd::slots_of(const Shape& parameter) const {
  if (options_.momentum == 0)
    return {};
  return {{"momentum", parameter}};
}

Array Sgd::update(const Moved& moved, std::span<Array> slots) const {
  Array step = moved.gradient + moved.parameter * options_.weight_decay;
  if (options_.momentum != 0) {
    // The first gradient starts the momentum whole.
    const Array share = where(moved.count == 1, 1.0, 1 - options_.dampening);
    slots[0] = slots[0] * options_.momentum + step * share;
    step = options_.nesterov ? step + slots[0] * options_.momentum : slots[0];
  }
  return moved.parameter - moved.learning_rate * step;
}

Array Adam::adapted(const Moved& moved, const Array& gradient, std::span<Array> slots) const {
  const Array mean = averaged(slots[0], gradient, options_.beta1);
  const Array variance = averaged(slots[1], square(gradient), options_.beta2);
  const Array deviation = sqrt(variance) / sqrt(unbiased(options_.beta2, moved.count));
  return moved.learning_rate / unbiased(options_.beta1, moved.count) * mean /
         (deviation + options_.epsilon);
}

Array Adam::update(const Moved& moved, std::span<Array> slots) const {
  const Array gradient = moved.gradient + moved.parameter * options_.weight_decay;
  return moved.parameter - adapted(moved, gradient, slots);
}

Array AdamW::update(const Moved& moved, std::span<Array> slots) const {
  const Array kept = moved.parameter * (1 - moved.learning_rate * options_.weight_decay);
  return kept - adapted(moved, moved.gradient, slots);
}

Array Lion::update(const Moved& moved, std::span<Array> slots) const {
  const Array direction = sign(slots[0] * options_.beta1 + moved.gradient * (1 - options_.beta1));
  averaged(slots[0], moved.gradient, options_.beta2);
  return moved.parameter * (1 - moved.learning_rate * options_.weight_decay) -
         moved.learning_rate * direction;
}

std::vector<Optimizer::Slot> RmsProp::slots_of(const Shape& parameter) const {
  std::vector<Slot> slots{{"square", parameter}};
  if (options_.centered)
    slots.push_back({"mean", parameter});
  if (options_.momentum != 0)
    slots.push_back({"momentum", parameter});
  return slots;
}

Array RmsProp::update(const Moved& moved, std::span<Array> slots) const {
  const Array gradient = moved.gradient + moved.parameter * options_.weight_decay;
  Array spread = averaged(slots[0], square(gradient), options_.alpha);
  if (options_.centered)
    spread = spread - square(averaged(slots[1], gradient, options_.alpha));
  Array step = gradient / (sqrt(spread) + options_.epsilon);
  if (options_.momentum != 0) {
    slots.back() = slots.back() * options_.momentum + step;
    step = slots.back();
  }
  return moved.parameter - moved.learning_rate * step;
}

Array Adagrad::update(const Moved& moved, std::span<Array> slots) const {
  const Array gradient = moved.gradient + moved.parameter * options_.weight_decay;
  slots[0] = slots[0] + square(gradient);
  return moved.parameter - moved.learning_rate * gradient / (sqrt(slots[0]) + options_.epsilon);
}

}  // namespace ashlar::optim
