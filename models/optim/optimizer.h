// SPDX-License-Identifier: Apache-2.0
// Optimisers: how parameters follow their gradients.
//
//     const optim::AdamW adamw({.learning_rate = 1e-3});
//     ArrayMap state = adamw.init(parameters);
//     auto [loss, gradients] = value_and_grad(loss_of, parameters);
//     adamw.step(parameters, state, gradients);   // lazy: evaluate parameters and state together
//
// A step is arrays in, arrays out: it may be part of a compiled closure, and repeated steps on
// evaluated arrays are compiled once. Moments are f32 whatever the parameters are. Thread-safety:
// as for arrays.
#pragma once

#include "models/optim/schedule.h"
#include "runtime/array/transforms.h"

#include <span>
#include <string_view>
#include <vector>

namespace ashlar::optim {

class Optimizer {
public:
  virtual ~Optimizer() = default;

  // The state before the first step: "step" (i32, 0) and what the optimiser keeps for each
  // parameter, zeros under "SLOT.NAME". Throws InvalidArgument for a parameter that it cannot move.
  ArrayMap init(const ArrayMap& parameters) const;

  // Replaces both maps by their values after a step. Throws InvalidArgument when a parameter has no
  // gradient of its shape.
  void step(ArrayMap& parameters, ArrayMap& state, const ArrayMap& gradients) const;

protected:
  explicit Optimizer(Schedule learning_rate) : learning_rate_(std::move(learning_rate)) {}

  // What is kept for a parameter, f32.
  struct Slot {
    std::string_view name;
    Shape shape;
  };
  // One parameter, all in f32. `slots` come in the order of slots_of and are replaced.
  struct Moved {
    Array parameter, gradient;
    Array learning_rate;
    Array count;  // f32, 1 in the first step
  };
  virtual std::vector<Slot> slots_of(const Shape& parameter) const = 0;
  virtual Array update(const Moved& moved, std::span<Array> slots) const = 0;

private:
  Schedule learning_rate_;
};

}  // namespace ashlar::optim
