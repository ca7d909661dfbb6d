// SPDX-License-Identifier: Apache-2.0
// Kernels with root "elementwise" against the reference: every elementwise op and dtype, movement,
// gathers, parts and in-place scatters.
#include "tests/codegen/kernel_runner.h"

#include "ir/op_info.h"

#include <fmt/format.h>

#include <limits>

namespace ashlar {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class ElementwiseTest : public KernelTest {};

bool takes(const OpInfo& info, DType dtype) {
  return std::ranges::find(info.dtypes, dtype) != info.dtypes.end();
}

std::vector<double> interesting(DType dtype) {
  if (is_float(dtype))
    return {0.0, -0.0, 0.5,  -0.5,  1.5,  2.5, -2.5, 3.25, -7.75, 0.01,
            1,   -1,   kInf, -kInf, kNan, 60,  -60,  1e-5, 100,   2};
  if (dtype == DType::boolean)
    return {0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 1, 1, 0, 0};
  const int bits = static_cast<int>(size_of(dtype) * 8);
  const double top = std::ldexp(1.0, std::min(bits, 60) - 1);
  return {0, 1, -1, 2, -2, 7, -7, 100, -100, top - 1, -top, 3, 8, 31, 33, 63, 64, -8, 5, 13};
}

reference::Tensor rotated(const reference::Tensor& x, std::size_t by) {
  reference::Tensor y = x;
  for (std::size_t i = 0; i < static_cast<std::size_t>(x.size()); ++i)
    y.copy_element(static_cast<std::int64_t>(i), x,
                   static_cast<std::int64_t>((i + by) % static_cast<std::size_t>(x.size())));
  return y;
}

class DTypeTest : public ElementwiseTest, public testing::WithParamInterface<DType> {};

TEST_P(DTypeTest, EveryElementwiseOp) {
  const DType dtype = GetParam();
  const std::string type = "tensor<20x" + mlir_name(dtype) + ">", flags = "tensor<20xi1>";
  RegionText region("elementwise");
  const std::string x = region.input(type), y = region.input(type);
  for (const OpInfo& info : all_ops()) {
    if (info.op_class != OpClass::elementwise || !takes(info, dtype))
      continue;
    // Their accuracy at large arguments is the math expansion's business and is tested there.
    const std::string name(info.name);
    if (name == "cast" || name == "select" || name == "power" || name == "arctan2" || name == "tan")
      continue;
    const bool predicate =
        infer_type(info.kind, std::vector<ArrayType>(info.arguments.size(), {dtype, {20}}), {})
            .dtype == DType::boolean;
    const std::string result = predicate ? flags : type;
    const bool unary = info.arguments.size() == 1;
    region.output(
        region.op(fmt::format("ashlar.{} {}{} : ({}{}) -> {}", name, x, unary ? "" : ", " + y, type,
                              unary ? "" : ", " + type, result)),
        result);
  }
  reference::Tensor a = values(dtype, {20}, interesting(dtype));
  for (std::size_t by : {1u, 3u, 10u}) {
    SCOPED_TRACE(by);
    compare(region.text(), {a, rotated(a, by)}, {2e-6, 1e-12});
  }
}

TEST_P(DTypeTest, CastsToEveryType) {
  const DType dtype = GetParam();
  const std::string type = "tensor<20x" + mlir_name(dtype) + ">";
  RegionText region("elementwise");
  const std::string x = region.input(type);
  for (int to = 0; to < kDTypeCount; ++to)
    if (static_cast<DType>(to) != DType::complex64) {
      const std::string element = mlir_name(static_cast<DType>(to));
      const std::string result = "tensor<20x" + element + ">";
      region.output(region.op(fmt::format("ashlar.cast {} {{dtype = {}}} : ({}) -> {}", x, element,
                                          type, result)),
                    result);
    }
  std::vector<double> inputs = interesting(dtype);
  if (is_float(dtype)) {
    inputs[15] = 3e9;
    inputs[16] = -3e9;
    inputs[8] = 70000;
    inputs[9] = 1e19;
  }
  compare(region.text(), {values(dtype, {20}, inputs)}, {0, 0});
}

INSTANTIATE_TEST_SUITE_P(All, DTypeTest,
                         testing::Values(DType::boolean, DType::u8, DType::u16, DType::u32,
                                         DType::u64, DType::i8, DType::i16, DType::i32, DType::i64,
                                         DType::f16, DType::bf16, DType::f32),
                         [](const auto& info) { return std::string(name_of(info.param)); });

}  // namespace
}  // namespace ashlar
