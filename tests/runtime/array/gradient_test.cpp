// SPDX-License-Identifier: Apache-2.0
// The derivative of every operation against central differences, in double through the reference
// evaluator.
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "tests/runtime/array/op_cases.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace ashlar::testing {
namespace {

constexpr double kStep = 1e-5;
constexpr double kTolerance = 2e-7;

bool is_differentiable(const OpInfo& info) {
  return !info.derivative.empty() && info.op_class != OpClass::custom;
}

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

void expect_near(double actual, double expected, const std::string& what) {
  EXPECT_NEAR(actual, expected, kTolerance * (1 + std::abs(expected))) << what;
}

void check_vjp(const Probe& probe, const std::string& name) {
  const Arrays back = vjp(probe.function, probe.inputs, {probe.cotangent}).second;
  for (std::size_t i = 0; i < probe.inputs.size(); ++i) {
    ASSERT_EQ(back[i].type(), probe.inputs[i].type()) << name;
    if (!is_float(probe.inputs[i].dtype()))
      continue;
    Arrays wanted = differences(probe, i);
    wanted.push_back(back[i]);
    const auto values = reference_values(wanted);
    for (std::size_t e = 0; e + 1 < values.size(); ++e)
      expect_near(values.back().reals[e], only(values[e]),
                  name + ": vjp of operand " + std::to_string(i) + ", element " +
                      std::to_string(e));
  }
}

void check_jvp(const Probe& probe, const std::string& name) {
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
    expect_near(values[0].reals[e], values[1].reals[e],
                name + ": jvp, element " + std::to_string(e));
}

class Gradient : public ::testing::TestWithParam<OpCase> {};

TEST_P(Gradient, AgreesWithDifferences) {
  const reference::ExactReals exact;
  const Probe probe = probe_of(GetParam().function, GetParam().inputs);
  check_vjp(probe, GetParam().name);
  check_jvp(probe, GetParam().name);
}

// The slope along the directions, whose own gradient holds the second derivatives.
TEST_P(Gradient, SecondDerivativeAgreesWithDifferences) {
  if (!GetParam().smooth)
    GTEST_SKIP() << "has kinks";
  const reference::ExactReals exact;
  const Probe probe = probe_of(GetParam().function, GetParam().inputs);
  const auto slope = [&](const Arrays& inputs) {
    const Arrays back = vjp(probe.function, inputs, {probe.cotangent}).second;
    Array total = zeros({});
    for (std::size_t i = 0; i < back.size(); ++i)
      if (is_float(back[i].dtype()))
        total = total + sum(back[i] * probe.directions[i]);
    return Arrays{total};
  };
  check_vjp(probe_of(slope, probe.inputs), GetParam().name);
  // Forward over reverse gives the same numbers.
  check_jvp(probe_of(slope, probe.inputs), GetParam().name);
}

std::vector<OpCase> differentiable_cases() {
  std::vector<OpCase> cases;
  for (const OpCase& c : op_cases())
    if (is_differentiable(op_info(c.op)))
      cases.push_back(c);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Ops, Gradient, ::testing::ValuesIn(differentiable_cases()),
                         [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(Functions, Gradient, ::testing::ValuesIn(function_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(Gradients, EveryDifferentiableOpHasACase) {
  std::set<OpKind> tested;
  for (const OpCase& c : op_cases())
    tested.insert(c.op);
  for (const OpInfo& info : all_ops()) {
    EXPECT_NE(info.derivative.empty(), info.nondiff_reason.empty()) << info.name;
    if (is_differentiable(info))
      EXPECT_TRUE(tested.contains(info.kind)) << info.name;
  }
}

// What the compiler makes of the backward passes: all of them in one program.
TEST(Gradients, AreTheSameOnTheDevice) {
  Arrays gradients;
  std::vector<std::string> names;
  for (const OpCase& c : differentiable_cases()) {
    const Probe probe = probe_of(c.function, c.inputs);
    for (const Array& gradient : vjp(probe.function, probe.inputs, {probe.cotangent}).second) {
      gradients.push_back(gradient);
      names.push_back(c.name);
    }
  }
  const auto expected = reference_values(gradients);
  eval(gradients);
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const reference::Tensor actual = reference_value(gradients[i]);
    EXPECT_EQ(actual.integers, expected[i].integers) << names[i];
    for (std::size_t e = 0; e < actual.reals.size(); ++e)
      EXPECT_NEAR(actual.reals[e], expected[i].reals[e],
                  1e-5 * (1 + std::abs(expected[i].reals[e])))
          << names[i] << ", element " << e;
  }
}

}  // namespace
}  // namespace ashlar::testing
