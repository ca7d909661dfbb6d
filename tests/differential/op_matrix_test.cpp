// SPDX-License-Identifier: Apache-2.0
// Every array op on the device against the reference evaluator: op x dtype x shape x layout. Shapes
// and layouts rotate so that each op sees every pair of (dtype, shape) and (dtype, layout); the
// cases of one op and dtype run as one program.
#include "ir/reference/tensor.h"
#include "runtime/array/eval.h"
#include "tests/differential/cases.h"
#include "tests/support/reference_eval.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ashlar::testing {
namespace {

const Shape kShapes[] = {Shape{7}, Shape{3, 20}, Shape{2, 3, 5}, Shape{130, 2}};

int mantissa_bits(DType dtype) {
  return dtype == DType::bf16 ? 7 : dtype == DType::f16 ? 10 : 23;
}

double smallest_normal(DType dtype) {
  return dtype == DType::f16 ? 0x1p-14 : 0x1p-126;
}

// One unit in the last place of `value`.
double ulp(double value, DType dtype) {
  const double magnitude = std::max(std::abs(value), smallest_normal(dtype));
  return std::ldexp(1.0, std::ilogb(magnitude) - mantissa_bits(dtype));
}

bool agree(double actual, double expected, DType dtype, const Tolerance& tolerance) {
  if (std::isnan(expected) || std::isinf(expected) || std::isinf(actual))
    return std::isnan(expected) ? std::isnan(actual) : actual == expected;
  // Devices may flush numbers below the smallest normal one.
  if (std::abs(expected) < smallest_normal(dtype) && std::abs(actual) <= smallest_normal(dtype))
    return true;
  return std::abs(actual - expected) <=
         std::max(tolerance.absolute, tolerance.ulps * ulp(expected, dtype));
}

void compare(const reference::Tensor& actual, const reference::Tensor& expected,
             const Tolerance& tolerance, const std::string& what) {
  ASSERT_EQ(actual.type, expected.type) << what;
  for (std::size_t i = 0; i < expected.integers.size(); ++i)
    ASSERT_EQ(actual.integers[i], expected.integers[i]) << what << ", element " << i;
  for (std::size_t i = 0; i < expected.reals.size(); ++i)
    ASSERT_TRUE(agree(actual.reals[i], expected.reals[i], expected.type.dtype, tolerance))
        << what << ", element " << i << ": expected " << expected.reals[i] << ", got "
        << actual.reals[i];
}

class OpMatrix : public ::testing::TestWithParam<OpKind> {};

TEST_P(OpMatrix, AgreesWithTheReference) {
  const OpInfo& info = op_info(GetParam());
  for (std::size_t d = 0; d < info.dtypes.size(); ++d) {
    std::vector<Array> results;
    std::vector<reference::Tensor> expected;
    std::vector<Tolerance> tolerances;
    std::vector<std::string> names;
    for (std::size_t s = 0; s < std::size(kShapes); ++s) {
      const std::size_t layout = (s + d) % std::size(kLayouts);
      Leaves leaves(static_cast<std::uint32_t>(1 + d * 16 + s), kLayouts[layout]);
      for (const Case& c : make_cases(info, info.dtypes[d], kShapes[s], leaves)) {
        results.push_back(c.result);
        expected.push_back(reference_value(c.result));
        tolerances.push_back(c.tolerance);
        names.push_back(fmt::format("{} {} of {} in layout {}", info.name, name_of(info.dtypes[d]),
                                    kShapes[s].to_string(), layout));
      }
    }
    eval(results);
    for (std::size_t i = 0; i < results.size(); ++i)
      compare(reference_value(results[i]), expected[i], tolerances[i], names[i]);
  }
}

std::vector<OpKind> computed_ops() {
  std::vector<OpKind> kinds;
  for (const OpInfo& info : all_ops())
    if (info.infer && info.op_class != OpClass::custom)
      kinds.push_back(info.kind);
  return kinds;
}

INSTANTIATE_TEST_SUITE_P(All, OpMatrix, ::testing::ValuesIn(computed_ops()),
                         [](const auto& test) { return std::string(op_info(test.param).name); });

}  // namespace
}  // namespace ashlar::testing
