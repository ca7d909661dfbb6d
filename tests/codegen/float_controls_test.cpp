// SPDX-License-Identifier: Apache-2.0
// What kernels do with the floats that a driver may treat as it likes unless a float control is
// declared: signed zeros, infinities, NaNs, ties and denormals. Where a device offers no control
// (lavapipe flushes denormals), nothing is promised and the test skips.
#include "tests/codegen/kernel_runner.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace ashlar {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class FloatControlsTest : public KernelTest {
protected:
  // Element by element: the same number with the same sign, or both NaN.
  static void expect_same(const Tensor& actual, const std::vector<double>& wanted) {
    ASSERT_EQ(actual.reals.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double a = actual.reals[i], w = wanted[i];
      if (std::isnan(w))
        EXPECT_TRUE(std::isnan(a)) << "at " << i << ": " << a;
      else
        EXPECT_TRUE(a == w && std::signbit(a) == std::signbit(w))
            << "at " << i << ": " << a << ", expected " << w;
    }
  }

  static Tensor cast(DType from, DType to, const std::vector<double>& x) {
    const auto type = [&](DType dtype) {
      return "tensor<" + std::to_string(x.size()) + "x" + mlir_name(dtype) + ">";
    };
    RegionText region("elementwise");
    const std::string in = region.input(type(from));
    region.output(region.op("ashlar.cast " + in + " {dtype = " + mlir_name(to) + "} : (" +
                            type(from) + ") -> " + type(to)),
                  type(to));
    const auto count = static_cast<std::int64_t>(x.size());
    return run(region.text(), {values(from, {count}, x)}).at(0);
  }

  // x op y for f32 vectors, computed on the device.
  static Tensor binary(const std::string& op, const std::vector<double>& x,
                       const std::vector<double>& y) {
    const std::string type = "tensor<" + std::to_string(x.size()) + "xf32>";
    RegionText region("elementwise");
    const std::string a = region.input(type), b = region.input(type);
    region.output(region.op("ashlar." + op + " " + a + ", " + b + " : (" + type + ", " + type +
                            ") -> " + type),
                  type);
    const auto count = static_cast<std::int64_t>(x.size());
    return run(region.text(), {values(DType::f32, {count}, x), values(DType::f32, {count}, y)})
        .at(0);
  }
};

TEST_F(FloatControlsTest, SignedZerosInfinitiesAndNansAreKept) {
  if (!device().profile().float_controls_f32.signed_zero_inf_nan_preserve)
    GTEST_SKIP() << "not offered for f32";
  expect_same(binary("mul", {kInf, kNan, -0.0, -2, -kInf}, {0, 0, 3, 0, 2}),
              {kNan, kNan, -0.0, -0.0, -kInf});
  expect_same(binary("add", {-0.0, -0.0, kInf, kNan}, {-0.0, 0.0, -kInf, 1}),
              {-0.0, 0.0, kNan, kNan});
  expect_same(binary("sub", {kInf, 0.0, -0.0, 1}, {kInf, 0.0, 0.0, kNan}), {kNan, 0.0, -0.0, kNan});
  expect_same(binary("div", {1, 1, 0, -1, kInf}, {-0.0, kInf, 0, kInf, kInf}),
              {-kInf, 0.0, kNan, -0.0, kNan});
}

TEST_F(FloatControlsTest, F16RoundsToNearestEven) {
  if (!device().profile().float_controls_f16.rounding_mode_rte)
    GTEST_SKIP() << "not offered for f16";
  const double half_step = std::ldexp(1.0, -11);
  expect_same(cast(DType::f32, DType::f16,
                   {1 + half_step, 1 + 3 * half_step, -1 - half_step, 1 + 1.001 * half_step, 65519,
                    65520, kInf, 2049, 2051}),
              {1, 1 + 4 * half_step, -1, 1 + 2 * half_step, 65504, kInf, kInf, 2048, 2052});
}

TEST_F(FloatControlsTest, F16DenormalsAreKept) {
  if (!device().profile().float_controls_f16.denorm_preserve)
    GTEST_SKIP() << "not offered for f16";
  const double least = std::ldexp(1.0, -24);
  const std::vector<double> denormals = {least, -least, 3 * least, 1023 * least, 1024 * least};
  expect_same(cast(DType::f16, DType::f32, denormals), denormals);
  expect_same(cast(DType::f32, DType::f16, denormals), denormals);
  expect_same(cast(DType::f32, DType::f16, {1.5 * least, 2.5 * least, 0.25 * least}),
              {2 * least, 2 * least, 0});
}

TEST_F(FloatControlsTest, F32DenormalsAreKept) {
  if (!device().profile().float_controls_f32.denorm_preserve)
    GTEST_SKIP() << "not offered for f32";
  const double least = std::ldexp(1.0, -149), normal = std::ldexp(1.0, -126);
  expect_same(binary("add", {least, normal, -least}, {least, -least, least}),
              {2 * least, normal - least, 0});
  expect_same(binary("mul", {normal, -normal, 3 * least}, {0.5, 0.25, 1}),
              {normal / 2, -normal / 4, 3 * least});
}

}  // namespace
}  // namespace ashlar
