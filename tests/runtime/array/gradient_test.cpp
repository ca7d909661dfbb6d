// SPDX-License-Identifier: Apache-2.0
// The derivative of every operation against central differences, in double through the reference
// evaluator.
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "tests/runtime/array/op_cases.h"
#include "tests/support/derivative_check.h"
#include "tests/support/reference_eval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace ashlar::testing {
namespace {

bool is_differentiable(const OpInfo& info) {
  return !info.derivative.empty() && info.op_class != OpClass::custom;
}

class Gradient : public ::testing::TestWithParam<OpCase> {};

TEST_P(Gradient, AgreesWithDifferences) {
  check_derivative(GetParam().function, GetParam().inputs, GetParam().name, GetParam().tolerance);
}

TEST_P(Gradient, SecondDerivativeAgreesWithDifferences) {
  if (!GetParam().smooth)
    GTEST_SKIP() << "has kinks";
  check_second_derivative(GetParam().function, GetParam().inputs, GetParam().name,
                          GetParam().tolerance);
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
    const Array cotangent = numbers(c.function(c.inputs)[0].shape(), 0.5, 1.5, 11);
    for (const Array& gradient : vjp(c.function, c.inputs, {cotangent}).second) {
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
