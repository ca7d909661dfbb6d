// SPDX-License-Identifier: Apache-2.0
// Learning rates as functions of the number of steps taken so far (i32, 0-d): f32, 0-d. They are
// part of the step's graph, so a changing rate costs no new program.
#pragma once

#include "runtime/array/array.h"

#include <concepts>
#include <cstdint>
#include <functional>

namespace ashlar::optim {

class Schedule {
public:
  // The same rate at every step.
  Schedule(double rate);
  explicit Schedule(std::function<Array(const Array& steps)> rate) : rate_(std::move(rate)) {}

  Array operator()(const Array& steps) const { return rate_(steps); }

private:
  std::function<Array(const Array& steps)> rate_;
};

// From `start` to `end` in a straight line over `steps`, then `end`.
Schedule linear_schedule(double start, double end, std::int64_t steps);
// From `start` to `end` along half a cosine over `steps`, then `end`.
Schedule cosine_decay(double start, std::int64_t steps, double end = 0);
// start * rate^steps.
Schedule exponential_decay(double start, double rate);
// start * rate^floor(steps / every).
Schedule step_decay(double start, double rate, std::int64_t every);
// `first` for the first `boundary` steps, then `second`, which counts from 0: warm-up.
Schedule join_schedules(const Schedule& first, const Schedule& second, std::int64_t boundary);

}  // namespace ashlar::optim
