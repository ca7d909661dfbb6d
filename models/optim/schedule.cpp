// SPDX-License-Identifier: Apache-2.0
#include "models/optim/schedule.h"

#include "runtime/array/ops.h"
#include "runtime/program/error.h"

#include <numbers>

namespace ashlar::optim {
namespace {

void check_steps(std::int64_t steps) {
  if (steps < 1)
    throw InvalidArgument("schedule", "steps: expected 1 or more, got {}", steps);
}

// The share of `total` that has passed, at most 1.
Array progress(const Array& steps, std::int64_t total) {
  return minimum(steps.astype(DType::f32) / static_cast<double>(total), 1.0);
}

}  // namespace

Schedule::Schedule(double rate) : rate_([rate](const Array&) { return full({}, rate); }) {}

Schedule linear_schedule(double start, double end, std::int64_t steps) {
  check_steps(steps);
  return Schedule(
      [=](const Array& taken) { return progress(taken, steps) * (end - start) + start; });
}

Schedule cosine_decay(double start, std::int64_t steps, double end) {
  check_steps(steps);
  return Schedule([=](const Array& taken) {
    return (cos(progress(taken, steps) * std::numbers::pi) + 1.0) * ((start - end) / 2) + end;
  });
}

Schedule exponential_decay(double start, double rate) {
  return Schedule(
      [=](const Array& taken) { return power(full({}, rate), taken.astype(DType::f32)) * start; });
}

Schedule step_decay(double start, double rate, std::int64_t every) {
  check_steps(every);
  return Schedule([=](const Array& taken) {
    return power(full({}, rate), floor_divide(taken, every).astype(DType::f32)) * start;
  });
}

Schedule join_schedules(const Schedule& first, const Schedule& second, std::int64_t boundary) {
  return Schedule([=](const Array& taken) {
    return where(taken < boundary, first(taken), second(maximum(taken - boundary, 0)));
  });
}

}  // namespace ashlar::optim
