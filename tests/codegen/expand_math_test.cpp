// SPDX-License-Identifier: Apache-2.0
// Measures the math expansions on the device against double precision.
#include "codegen/pipeline.h"
#include "ir/ashlar_dialect.h"
#include "runtime/executor/executor.h"
#include "runtime/program/error.h"
#include "tests/runtime/vulkan_test.h"

#include "mlir/Parser/Parser.h"

#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace ashlar {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// z[i] = op(x[i], y[i]), four elements per invocation.
constexpr const char* kKernel = R"(
#device = #spirv.storage_class<PhysicalStorageBuffer>
gpu.module @math {{
  gpu.func @math() kernel attributes {{
      spirv.entry_point_abi = #spirv.entry_point_abi<workgroup_size = [64, 1, 1]>}} {{
    %xs = kernel.buffer 0 : memref<?xf32, #device>
    %ys = kernel.buffer 1 : memref<?xf32, #device>
    %zs = kernel.buffer 2 : memref<?xf32, #device>
    %i = gpu.global_id x
    %four = arith.constant 4 : index
    %at = arith.muli %i, %four : index
    %x = vector.load %xs[%at] {{alignment = 16}} : memref<?xf32, #device>, vector<4xf32>
    %y = vector.load %ys[%at] {{alignment = 16}} : memref<?xf32, #device>, vector<4xf32>
    %z = {} : vector<4xf32>
    vector.store %z, %zs[%at] {{alignment = 16}} : memref<?xf32, #device>, vector<4xf32>
    gpu.return
  }}
}}
)";

constexpr std::size_t kPerWorkgroup = 256;

class MathTest : public VulkanTest {
protected:
  // Runs `op`, a math op in generic form of %x (and %y), on every element.
  std::vector<float> run(const std::string& op, std::vector<float> x, std::vector<float> y) {
    const std::size_t count = x.size();
    const std::size_t padded = (count + kPerWorkgroup - 1) / kPerWorkgroup * kPerWorkgroup;
    x.resize(padded, 1.0f);
    y.resize(padded, 1.0f);
    StateStore states(device());
    Executor executor(device(), program(op, static_cast<std::int64_t>(padded)), states);
    states.write("x", 0, std::as_bytes(std::span(x)));
    states.write("y", 0, std::as_bytes(std::span(y)));
    executor.run_and_wait(0, {}, {});
    std::vector<float> z(padded);
    states.read("z", 0, std::as_writable_bytes(std::span(z)));
    z.resize(count);
    return z;
  }

  std::vector<float> run(const std::string& op, const std::vector<float>& x) {
    return run(op, x, std::vector<float>(x.size(), 1.0f));
  }

private:
  Program program(const std::string& op, std::int64_t count) {
    mlir::DialectRegistry registry;
    ir::register_dialects(registry);
    mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
    auto module = mlir::parseSourceString<mlir::ModuleOp>(fmt::format(kKernel, op), &context);
    if (!module)
      throw Error("test", "the kernel of {} does not parse", op);
    Program program;
    program.kernels.push_back(
        {"math", codegen::lower_kernel(*module, device().profile()), {64, 1, 1}, 0, 3, 0});
    Dispatch dispatch{.kernel = 0,
                      .arguments = {},
                      .scalars = {},
                      .workgroups = {static_cast<std::uint32_t>(count / kPerWorkgroup), 1, 1},
                      .label = op,
                      .cost = {}};
    for (const char* name : {"x", "y", "z"}) {
      const auto index = static_cast<std::uint32_t>(program.states.size());
      program.states.push_back({name, DType::f32, Shape{count}, false, Residency::state});
      dispatch.arguments.push_back(
          {{Space::state, index, 0, 4 * static_cast<std::uint64_t>(count)}, Access::read_write});
    }
    program.entries.push_back({"run", {}, {}, 0, {std::move(dispatch)}});
    return program;
  }
};

// Distance in units of the last place of the exact result, which may be subnormal or flushed.
double ulps(float got, double exact) {
  if (std::isnan(got) || std::isnan(exact))
    return std::isnan(got) && std::isnan(exact) ? 0 : kInf;
  const auto rounded = static_cast<float>(exact);
  if (got == rounded)
    return 0;
  if (std::isinf(got) || std::isinf(rounded))
    return kInf;
  constexpr double kLeastNormal = std::numeric_limits<float>::min();
  if (std::abs(exact) < kLeastNormal && std::abs(got) <= kLeastNormal)
    return 0;
  const int exponent = std::ilogb(std::max(std::abs(exact), kLeastNormal));
  return std::abs(got - exact) / std::ldexp(1.0, exponent - 23);
}

struct Worst {
  double ulps = 0;
  float x = 0, y = 0, got = 0;
};

std::ostream& operator<<(std::ostream& out, const Worst& worst) {
  return out << worst.ulps << " ulp at (" << worst.x << ", " << worst.y << "), got " << worst.got;
}

Worst worst_of(const std::vector<float>& x, const std::vector<float>& y,
               const std::vector<float>& z, const std::function<double(double, double)>& exact) {
  Worst worst;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (const double error = ulps(z[i], exact(x[i], y[i])); error > worst.ulps)
      worst = {error, x[i], y[i], z[i]};
  return worst;
}

// Evenly spaced, and spread over magnitudes of both signs.
std::vector<float> samples(double low, double high) {
  std::vector<float> x;
  constexpr int kEven = 100'000, kSpread = 100'000;
  for (int i = 0; i <= kEven; ++i)
    x.push_back(static_cast<float>(low + (high - low) * i / kEven));
  std::mt19937 bits(1);
  while (x.size() < kEven + kSpread) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits()));
    if (value >= low && value <= high && std::abs(value) >= std::numeric_limits<float>::min())
      x.push_back(value);
  }
  return x;
}

struct Function {
  const char* op;
  double (*exact)(double);
  double low, high;
  double limit;  // ulp
};

class UnaryMathTest : public MathTest, public testing::WithParamInterface<Function> {};

TEST_P(UnaryMathTest, IsExactToAFewUlp) {
  const Function& function = GetParam();
  const std::vector<float> x = samples(function.low, function.high);
  const std::vector<float> z = run(fmt::format("math.{} %x", function.op), x);
  const Worst worst = worst_of(x, x, z, [&](double v, double) { return function.exact(v); });
  RecordProperty("ulp", fmt::format("{:.3f}", worst.ulps));
  EXPECT_LE(worst.ulps, function.limit) << worst;
}

constexpr double kHuge = 3.4e38;
INSTANTIATE_TEST_SUITE_P(
    Functions, UnaryMathTest,
    testing::Values(
        Function{"exp", std::exp, -110, 95, 1.5}, Function{"exp2", std::exp2, -160, 135, 1.5},
        Function{"expm1", std::expm1, -110, 95, 1.5}, Function{"log", std::log, 0, kHuge, 1.5},
        Function{"log", std::log, 0.5, 2, 1.5}, Function{"log2", std::log2, 0, kHuge, 1.5},
        Function{"log2", std::log2, 0.5, 2, 1.5}, Function{"log1p", std::log1p, -1, kHuge, 1.5},
        Function{"log1p", std::log1p, -1, 3, 1.5}, Function{"sin", std::sin, -20, 20, 2.5},
        Function{"sin", std::sin, -1e5, 1e5, 2.5}, Function{"sin", std::sin, -kHuge, kHuge, 2.5},
        Function{"cos", std::cos, -20, 20, 2.5}, Function{"cos", std::cos, -1e5, 1e5, 2.5},
        Function{"cos", std::cos, -kHuge, kHuge, 2.5}, Function{"tan", std::tan, -1e5, 1e5, 4},
        Function{"tanh", std::tanh, -20, 20, 2}, Function{"erf", std::erf, -6, 6, 2},
        Function{"sqrt", std::sqrt, 0, kHuge, 3}, Function{"floor", std::floor, -1e9, 1e9, 0},
        Function{"ceil", std::ceil, -1e9, 1e9, 0}, Function{"trunc", std::trunc, -1e9, 1e9, 0},
        Function{"roundeven", std::nearbyint, -1e9, 1e9, 0}),
    [](const auto& info) { return fmt::format("{}_{}", info.param.op, info.index); });

TEST_F(MathTest, PowerIsExactToAFewUlp) {
  std::mt19937 bits(2);
  std::vector<float> x, y;
  std::uniform_real_distribution<float> exponent(-150, 150), base(-20, 20);
  while (x.size() < 200'000) {
    const float b = std::exp2(base(bits));
    x.push_back(b);
    y.push_back(exponent(bits) / std::max(1.0f, std::abs(std::log2(b))));
  }
  for (int i = 1; i < 1000; ++i) {
    x.push_back(-static_cast<float>(i));
    y.push_back(static_cast<float>(i % 13));
  }
  const Worst worst = worst_of(x, y, run("math.powf %x, %y", x, y),
                               [](double a, double b) { return std::pow(a, b); });
  EXPECT_LE(worst.ulps, 2.5) << worst;
}

TEST_F(MathTest, ArctangentIsExactToAFewUlp) {
  std::mt19937 bits(3);
  std::vector<float> x, y;
  std::uniform_real_distribution<float> magnitude(-30, 30);
  while (x.size() < 200'000) {
    x.push_back(std::exp2(magnitude(bits)) * (bits() % 2 ? 1 : -1));
    y.push_back(std::exp2(magnitude(bits)) * (bits() % 2 ? 1 : -1));
  }
  const Worst worst = worst_of(x, y, run("math.atan2 %x, %y", x, y),
                               [](double a, double b) { return std::atan2(a, b); });
  EXPECT_LE(worst.ulps, 2.5) << worst;
}

// Limits as in C, bit for bit (NaN aside).
class SpecialMathTest : public MathTest {
protected:
  void expect(const std::string& op, const std::vector<float>& x, const std::vector<float>& y,
              const std::function<double(double, double)>& exact) {
    const std::vector<float> z = run(op, x, y);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto expected = static_cast<float>(exact(x[i], y[i]));
      const bool same = std::isnan(expected) ? std::isnan(z[i])
                                             : ulps(z[i], expected) <= 4 &&
                                                   std::signbit(z[i]) == std::signbit(expected);
      EXPECT_TRUE(same) << op << " of (" << x[i] << ", " << y[i] << "): expected " << expected
                        << ", got " << z[i];
    }
  }
};

TEST_F(SpecialMathTest, UnaryLimits) {
  const std::vector<float> x = {0.0f,  -0.0f,    1.0f,      -1.0f,  kInf,   -kInf,
                                kNan,  3.4e38f,  -3.4e38f,  2.0f,   -2.0f,  0.5f,
                                -0.5f, 1.2e-38f, -1.2e-38f, 88.72f, 88.73f, -87.3f};
  const std::pair<const char*, double (*)(double)> functions[] = {
      {"exp", std::exp},     {"exp2", std::exp2}, {"expm1", std::expm1},
      {"log", std::log},     {"log2", std::log2}, {"log1p", std::log1p},
      {"sin", std::sin},     {"cos", std::cos},   {"tan", std::tan},
      {"tanh", std::tanh},   {"erf", std::erf},   {"trunc", std::trunc},
      {"floor", std::floor}, {"ceil", std::ceil}, {"roundeven", std::nearbyint},
      {"sqrt", std::sqrt}};
  for (const auto& [op, exact] : functions)
    expect(fmt::format("math.{} %x", op), x, x, [exact](double v, double) { return exact(v); });
}

TEST_F(SpecialMathTest, BinaryLimits) {
  const std::vector<float> values = {0.0f,  -0.0f, 1.0f,  -1.0f,  kInf,   -kInf,
                                     kNan,  2.0f,  -2.0f, 3.0f,   -3.0f,  0.5f,
                                     -0.5f, 2.5f,  1e30f, -1e30f, 1e-30f, 16777217.0f};
  std::vector<float> x, y;
  for (float a : values)
    for (float b : values) {
      x.push_back(a);
      y.push_back(b);
    }
  expect("math.powf %x, %y", x, y, [](double a, double b) { return std::pow(a, b); });
  expect("math.atan2 %x, %y", x, y, [](double a, double b) { return std::atan2(a, b); });
}

}  // namespace
}  // namespace ashlar
