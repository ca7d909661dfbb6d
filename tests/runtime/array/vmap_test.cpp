// SPDX-License-Identifier: Apache-2.0
// vmap of every operation against a loop over the rows, through the reference evaluator.
#include "runtime/array/eval.h"
#include "runtime/array/ops.h"
#include "runtime/program/error.h"
#include "tests/runtime/array/op_cases.h"
#include "tests/support/reference_eval.h"

#include <gmock/gmock.h>

#include <set>

namespace ashlar::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr int kRows = 3;

// Another value of the same type: each row of a batch differs, integers stay in their range.
Array variant(const Array& x, int row) {
  if (row == 0 || x.rank() == 0)
    return x;
  const Array turned = flip(x, row % 2 == 1 ? -1 : 0);
  return is_float(x.dtype()) ? turned + 0.01 * row : turned;
}

void expect_equal(const reference::Tensor& actual, const reference::Tensor& expected,
                  double tolerance = 1e-6) {
  ASSERT_EQ(actual.type, expected.type);
  EXPECT_EQ(actual.integers, expected.integers);
  ASSERT_EQ(actual.reals.size(), expected.reals.size());
  for (std::size_t i = 0; i < actual.reals.size(); ++i)
    EXPECT_NEAR(actual.reals[i], expected.reals[i], tolerance * (1 + std::abs(expected.reals[i])))
        << i;
}

class Vmap : public ::testing::TestWithParam<OpCase> {};

// Every choice of batched operands.
TEST_P(Vmap, EqualsTheLoop) {
  const auto& [op, name, function, inputs, smooth, tolerance] = GetParam();
  for (std::size_t choice = 1; choice < (std::size_t{1} << inputs.size()); ++choice) {
    if (inputs.size() > 3 && choice % 5 != 1 && choice + 1 != (std::size_t{1} << inputs.size()))
      continue;
    SCOPED_TRACE(choice);
    Arrays batched = inputs;
    std::vector<std::optional<int>> axes(inputs.size());
    std::vector<Arrays> rows(kRows, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!(choice >> i & 1))
        continue;
      axes[i] = -1;
      Arrays variants;
      for (int r = 0; r < kRows; ++r)
        variants.push_back(rows[static_cast<std::size_t>(r)][i] = variant(inputs[i], r));
      batched[i] = stack(variants, -1);
    }
    Arrays looped;
    for (const Arrays& row : rows)
      looped.push_back(function(row)[0]);
    const Array result = vmap(function, axes, 1)(batched)[0];
    const auto values = reference_values({result, stack(looped, 1)});
    expect_equal(values[0], values[1]);
  }
}

// The results must have an axis to put the batch behind.
std::vector<OpCase> cases_with_axes() {
  std::vector<OpCase> cases;
  for (const OpCase& c : op_cases())
    if (c.function(c.inputs)[0].rank() > 0)
      cases.push_back(c);
  return cases;
}

INSTANTIATE_TEST_SUITE_P(Ops, Vmap, ::testing::ValuesIn(cases_with_axes()),
                         [](const auto& test) { return test.param.name; });

INSTANTIATE_TEST_SUITE_P(Functions, Vmap, ::testing::ValuesIn(function_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(VmapRules, EveryOpWithOperandsHasACase) {
  std::set<OpKind> tested;
  for (const OpCase& c : cases_with_axes())
    tested.insert(c.op);
  for (const OpInfo& info : all_ops())
    if (info.op_class != OpClass::source && info.op_class != OpClass::custom)
      EXPECT_TRUE(tested.contains(info.kind)) << info.name;
}

TEST(VmapRules, GiveTheSameOnTheDevice) {
  Arrays results;
  std::vector<std::string> names;
  for (const OpCase& c : cases_with_axes()) {
    Arrays batched;
    for (const Array& input : c.inputs)
      batched.push_back(stack({variant(input, 0), variant(input, 1), variant(input, 2)}));
    results.push_back(vmap(c.function)(batched)[0]);
    names.push_back(c.name);
  }
  const auto expected = reference_values(results);
  eval(results);
  for (std::size_t i = 0; i < results.size(); ++i) {
    SCOPED_TRACE(names[i]);
    expect_equal(reference_value(results[i]), expected[i], 1e-5);
  }
}

TEST(VmapRules, ComposesWithGrad) {
  const auto loss = [](const Array& w, const Array& x) { return square(sum(w * x)); };
  const Array w = array({1.0F, 2.0F}), x = array({1.0F, 1.0F, 3.0F, 0.5F}, {2, 2});
  // 2 (w . x) x of each row.
  EXPECT_THAT(values_of(vmap(grad(loss), {std::nullopt, 0})(w, x)), ElementsAre(6, 6, 24, 4));
  const auto total = [&](const Array& v) { return sum(vmap(loss, {std::nullopt, 0})(v, x)); };
  EXPECT_THAT(values_of(grad(total)(w)), ElementsAre(30, 10));
}

TEST(VmapRules, Nests) {
  const auto product = [](const Array& a, const Array& b) { return sum(a * b); };
  const auto rows = vmap(product, {std::nullopt, 0});
  const Array x = array({1.0F, 2.0F, 3.0F, 4.0F}, {2, 2});
  EXPECT_THAT(values_of(vmap(rows, {0, std::nullopt})(x, x)), ElementsAre(5, 11, 11, 25));
}

TEST(VmapRules, RepeatsWhatDoesNotDependOnTheBatch) {
  const auto constant = [](const Array&) { return array({1.0F, 2.0F}); };
  EXPECT_THAT(values_of(vmap(constant)(zeros({2}))), ElementsAre(1, 2, 1, 2));
}

TEST(VmapRules, RefusesBatchesThatDisagree) {
  const auto add = [](const Array& a, const Array& b) { return a + b; };
  EXPECT_THAT([&] { vmap(add)(zeros({2}), zeros({3})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("the batch is 2 for one argument and 3")));
  EXPECT_THAT([&] { vmap(add, {std::nullopt, std::nullopt})(zeros({2}), zeros({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("no argument has a batch")));
  EXPECT_THAT([&] { vmap(add, {0})(zeros({2}), zeros({2})); },
              ThrowsMessage<InvalidArgument>(HasSubstr("1 axes for 2 arguments")));
}

}  // namespace
}  // namespace ashlar::testing
