// SPDX-License-Identifier: Apache-2.0
#include "tests/support/derivative_check.h"

#include "runtime/array/ops.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace ashlar::testing {
namespace {

constexpr double kStep = 1e-5;

Arrays moved(Arrays inputs, std::size_t i, const Array& direction, double step) {
  inputs[i] = inputs[i] + direction * step;
  return inputs;
}

// A function with one float result, its cotangent there, and the directions in which to go.
struct Probe {
  ArrayFunction function;
  Arrays inputs;
  Array cotangent;
  Arrays directions;
};

Probe probe_of(const ArrayFunction& function, const Arrays& inputs) {
  const Array like = function(inputs)[0];
  Probe probe{function, inputs, numbers(like.shape(), 0.5, 1.5, 11), {}};
  for (const Array& input : inputs)
    probe.directions.push_back(is_float(input.dtype()) ? numbers(input.shape(), -1, 1, 12)
                                                       : zeros(input.shape(), input.dtype()));
  return probe;
}

Array one_hot(const Shape& shape, std::int64_t at) {
  std::vector<float> values(static_cast<std::size_t>(shape.element_count()), 0);
  values[static_cast<std::size_t>(at)] = 1;
  return array(std::span<const float>(values), shape);
}

// Every partial derivative of sum(cotangent * f).
Arrays differences(const Probe& probe, std::size_t i) {
  Arrays result;
  for (std::int64_t e = 0; e < probe.inputs[i].size(); ++e) {
    const Array direction = one_hot(probe.inputs[i].shape(), e);
    const Array up = probe.function(moved(probe.inputs, i, direction, kStep))[0];
    const Array down = probe.function(moved(probe.inputs, i, direction, -kStep))[0];
    result.push_back(sum(probe.cotangent * (up - down)) / (2 * kStep));
  }
  return result;
}

double only(const reference::Tensor& tensor) {
  return tensor.reals.at(0);
}

void expect_near(double actual, double expected, double tolerance, const std::string& what) {
  EXPECT_NEAR(actual, expected, tolerance * (1 + std::abs(expected))) << what;
}

void check_vjp(const Probe& probe, const std::string& name, double tolerance) {
  const Arrays back = vjp(probe.function, probe.inputs, {probe.cotangent}).second;
  for (std::size_t i = 0; i < probe.inputs.size(); ++i) {
    ASSERT_EQ(back[i].type(), probe.inputs[i].type()) << name;
    if (!is_float(probe.inputs[i].dtype()))
      continue;
    Arrays wanted = differences(probe, i);
    wanted.push_back(back[i]);
    const auto values = reference_values(wanted);
    for (std::size_t e = 0; e + 1 < values.size(); ++e)
      expect_near(values.back().reals[e], only(values[e]), tolerance,
                  name + ": vjp of operand " + std::to_string(i) + ", element " +
                      std::to_string(e));
  }
}

void check_jvp(const Probe& probe, const std::string& name, double tolerance) {
  const Array tangent = jvp(probe.function, probe.inputs, probe.directions).second[0];
  Arrays up = probe.inputs, down = probe.inputs;
  for (std::size_t i = 0; i < up.size(); ++i)
    if (is_float(up[i].dtype())) {
      up = moved(up, i, probe.directions[i], kStep);
      down = moved(down, i, probe.directions[i], -kStep);
    }
  const Array slope = (probe.function(up)[0] - probe.function(down)[0]) / (2 * kStep);
  const auto values = reference_values({tangent, slope});
  for (std::size_t e = 0; e < values[0].reals.size(); ++e)
    expect_near(values[0].reals[e], values[1].reals[e], tolerance,
                name + ": jvp, element " + std::to_string(e));
}

void check(const Probe& probe, const std::string& name, double tolerance) {
  check_vjp(probe, name, tolerance);
  check_jvp(probe, name, tolerance);
}

}  // namespace

Array numbers(const Shape& shape, double low, double high, int seed) {
  const auto count = static_cast<std::size_t>(shape.element_count());
  // Distinct multiples of (high - low) / count, shuffled: nothing ties.
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(low + (high - low) * (static_cast<double>(i) + 0.37) /
                                             static_cast<double>(count));
  std::mt19937 random(static_cast<std::uint32_t>(seed) + 1);
  for (std::size_t i = count; i-- > 1;)
    std::swap(values[i], values[random() % (i + 1)]);
  return array(std::span<const float>(values), shape);
}

void check_derivative(const ArrayFunction& function, const Arrays& inputs, const std::string& name,
                      double tolerance) {
  const reference::ExactReals exact;
  check(probe_of(function, inputs), name, tolerance);
}

ArrayFunction slope_of(const ArrayFunction& function, const Arrays& inputs) {
  return [probe = probe_of(function, inputs)](const Arrays& at) {
    const Arrays back = vjp(probe.function, at, {probe.cotangent}).second;
    Array total = zeros({});
    for (std::size_t i = 0; i < back.size(); ++i)
      if (is_float(back[i].dtype()))
        total = total + sum(back[i] * probe.directions[i]);
    return Arrays{total};
  };
}

void check_second_derivative(const ArrayFunction& function, const Arrays& inputs,
                             const std::string& name, double tolerance) {
  const reference::ExactReals exact;
  check(probe_of(slope_of(function, inputs), inputs), name, tolerance);
}

}  // namespace ashlar::testing
