// SPDX-License-Identifier: Apache-2.0
// Kernels with root "elementwise" against the reference: every elementwise op and dtype, movement,
// gathers, parts and in-place scatters.
#include "tests/codegen/kernel_runner.h"

#include "ir/op_info.h"

#include <fmt/ranges.h>

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
    if (name == "cast" || name == "bitcast" || name == "select" || name == "power" ||
        name == "arctan2" || name == "tan")
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

TEST_F(ElementwiseTest, Movement) {
  for (DType dtype : {DType::f32, DType::bf16, DType::boolean, DType::i64}) {
    SCOPED_TRACE(name_of(dtype));
    const std::string e = mlir_name(dtype);
    auto type = [&](const char* dims) { return fmt::format("tensor<{}x{}>", dims, e); };
    RegionText region("elementwise");
    const std::string x = region.input(type("4x6x8"));
    auto out = [&](const std::string& op, const std::string& attributes, const std::string& from,
                   const char* from_dims, const char* dims) {
      const std::string value = region.op(fmt::format("ashlar.{} {} {{{}}} : ({}) -> {}", op, from,
                                                      attributes, type(from_dims), type(dims)));
      region.output(value, type(dims));
      return value;
    };
    out("transpose", "permutation = array<i64: 2, 0, 1>", x, "4x6x8", "8x4x6");
    out("reshape", "shape = array<i64: 3, 64>", x, "4x6x8", "3x64");
    const std::string t = out("reshape", "shape = array<i64: 2, 2, 48>", x, "4x6x8", "2x2x48");
    out("transpose", "permutation = array<i64: 1, 0, 2>", t, "2x2x48", "2x2x48");
    const std::string s = out(
        "slice",
        "starts = array<i64: 3, 1, 4>, sizes = array<i64: 4, 2, 4>, steps = array<i64: -1, 3, 1>",
        x, "4x6x8", "4x2x4");
    out("broadcast", "shape = array<i64: 3, 4, 2, 4>", s, "4x2x4", "3x4x2x4");
    out("slice",
        "starts = array<i64: 0, 0, 1>, sizes = array<i64: 4, 6, 3>, steps = array<i64: 1, 1, 2>", x,
        "4x6x8", "4x6x3");
    out("pad", "low = array<i64: 0, 1, 4>, high = array<i64: 2, 0, 8>, value = 1.0 : f64", x,
        "4x6x8", "6x7x20");
    out("pad", "low = array<i64: 0, 0, 3>, high = array<i64: 0, 0, 0>, value = 0.0 : f64", x,
        "4x6x8", "4x6x11");
    compare(region.text(), {random(dtype, {4, 6, 8}, dtype == DType::boolean ? 0 : -9,
                                   dtype == DType::boolean ? 2 : 9)});
  }
}

// Elements in a row of the slice, which begin anywhere in a row of what was reshaped.
TEST_F(ElementwiseTest, SliceOfAReshape) {
  struct Case {
    Shape from, to;
    std::int64_t start;
  };
  for (const Case& c : {Case{{10}, {2, 5}, 2}, Case{{3, 10}, {6, 5}, 2}, Case{{3, 4}, {4, 3}, 0},
                        Case{{1, 20}, {4, 5}, 0}}) {
    SCOPED_TRACE(c.to.to_string());
    const auto type_of = [](const Shape& shape) {
      return fmt::format("tensor<{}xf32>", fmt::join(shape.dims(), "x"));
    };
    const std::string from = type_of(c.from), to = type_of(c.to), result = type_of({2, 2});
    RegionText region("elementwise");
    const std::string x =
        region.op(fmt::format("ashlar.neg {} : ({}) -> {}", region.input(from), from, from));
    const std::string reshaped =
        region.op(fmt::format("ashlar.reshape {} {{shape = array<i64: {}>}} : ({}) -> {}", x,
                              fmt::join(c.to.dims(), ", "), from, to));
    region.output(region.op(fmt::format("ashlar.slice {} {{starts = array<i64: 0, {}>, sizes = "
                                        "array<i64: 2, 2>, steps = array<i64: 1, 1>}} : ({}) -> {}",
                                        reshaped, c.start, to, result)),
                  result);
    compare(region.text(), {random(DType::f32, c.from)});
  }
}

TEST_F(ElementwiseTest, Concatenation) {
  RegionText region("elementwise");
  const std::string x = region.input("tensor<2x4xf32>"), y = region.input("tensor<2x8xf32>"),
                    z = region.input("tensor<2x3xf32>"), none = region.input("tensor<1x4xf32>");
  auto join = [&](const std::string& values, int axis, const char* types, const char* result) {
    region.output(region.op(fmt::format("ashlar.concat {} {{axis = {}}} : ({}) -> {}", values, axis,
                                        types, result)),
                  result);
  };
  join(x + ", " + y + ", " + x, 1, "tensor<2x4xf32>, tensor<2x8xf32>, tensor<2x4xf32>",
       "tensor<2x16xf32>");
  join(x + ", " + z, 1, "tensor<2x4xf32>, tensor<2x3xf32>", "tensor<2x7xf32>");
  join(x + ", " + none, 0, "tensor<2x4xf32>, tensor<1x4xf32>", "tensor<3x4xf32>");
  compare(region.text(),
          {random(DType::f32, {2, 4}), random(DType::f32, {2, 8}, -2, 2, 2),
           random(DType::f32, {2, 3}, -2, 2, 3), random(DType::f32, {1, 4}, -2, 2, 4)});
}

// Indices from the end, and outside.
TEST_F(ElementwiseTest, Gathers) {
  for (DType index : {DType::i32, DType::i64, DType::u8}) {
    SCOPED_TRACE(name_of(index));
    const std::string i = mlir_name(index);
    RegionText region("elementwise");
    const std::string x = region.input("tensor<5x3x8xbf16>"),
                      rows = region.input("tensor<2x3x" + i + ">"),
                      along = region.input("tensor<5x4x8x" + i + ">");
    region.output(region.op(fmt::format("ashlar.take {}, {} {{axis = 0}} : (tensor<5x3x8xbf16>, "
                                        "tensor<2x3x{}>) -> tensor<2x3x3x8xbf16>",
                                        x, rows, i)),
                  "tensor<2x3x3x8xbf16>");
    region.output(region.op(fmt::format("ashlar.take {}, {} {{axis = 2}} : (tensor<5x3x8xbf16>, "
                                        "tensor<2x3x{}>) -> tensor<5x3x2x3xbf16>",
                                        x, rows, i)),
                  "tensor<5x3x2x3xbf16>");
    region.output(
        region.op(fmt::format("ashlar.take_along_axis {}, {} {{axis = 1}} : (tensor<5x3x8xbf16>, "
                              "tensor<5x4x8x{}>) -> tensor<5x4x8xbf16>",
                              x, along, i)),
        "tensor<5x4x8xbf16>");
    compare(region.text(),
            {random(DType::bf16, {5, 3, 8}), values(index, {2, 3}, {0, 4, -1, -5, 5, -6}),
             random(index, {5, 4, 8}, index == DType::u8 ? 0 : -4, 5)});
  }
}

TEST_F(ElementwiseTest, Sources) {
  RegionText region("elementwise");
  region.input("tensor<1xf32>");
  region.output(region.op("ashlar.iota {shape = array<i64: 2, 4>, dtype = bf16, axis = 1} : () -> "
                          "tensor<2x4xbf16>"),
                "tensor<2x4xbf16>");
  region.output(
      region.op("ashlar.full {shape = array<i64: 3>, dtype = bf16, value = 0.3 : f64} : () "
                "-> tensor<3xbf16>"),
      "tensor<3xbf16>");
  region.output(
      region.op("ashlar.constant dense<[[1, -2], [3, 40]]> : tensor<2x2xi8> : tensor<2x2xi8>"),
      "tensor<2x2xi8>");
  region.output(region.op("ashlar.constant dense<0.5> : tensor<5xf16> : tensor<5xf16>"),
                "tensor<5xf16>");
  compare(region.text(), {random(DType::f32, {1})});
}

TEST_F(ElementwiseTest, Philox) {
  RegionText region("elementwise");
  const std::string type = "tensor<9xui32>";
  std::string operands, types;
  for (int i = 0; i < 6; ++i) {
    operands += (i ? ", " : "") + region.input(type);
    types += (i ? ", " : "") + type;
  }
  for (int word = 0; word < 4; ++word)
    region.output(region.op(fmt::format("ashlar.philox {} {{word = {}}} : ({}) -> {}", operands,
                                        word, types, type)),
                  type);
  Tensors inputs;
  for (std::uint32_t i = 0; i < 6; ++i)
    inputs.push_back(random(DType::u32, {9}, 0, 4294967295.0, i + 1));
  compare(region.text(), inputs);
}

class ScatterTest : public KernelTest {
protected:
  static std::string scatter(const char* op, DType dtype, const std::string& index_dims,
                             const char* updates, const char* target, int axis) {
    const std::string e = mlir_name(dtype);
    RegionText region("elementwise");
    const std::string t = fmt::format("tensor<{}x{}>", target, e),
                      u = fmt::format("tensor<{}x{}>", updates, e),
                      i = fmt::format("tensor<{}xi32>", index_dims);
    const std::string x = region.input(t), index = region.input(i), y = region.input(u);
    region.output(region.op(fmt::format("ashlar.{} {}, {}, {} {{axis = {}}} : ({}, {}, {}) -> {}",
                                        op, x, index, y, axis, t, i, u, t)),
                  t, 0);
    return region.text();
  }
};

// Rows that meet, and rows outside.
TEST_F(ScatterTest, TheLastUpdateWins) {
  for (DType dtype : {DType::f32, DType::bf16, DType::i8})
    compare(scatter("scatter", dtype, "5x1", "5x8", "6x8", 0),
            {random(dtype, {6, 8}, -9, 9), values(DType::i32, {5, 1}, {2, -1, 2, 6, 5}),
             random(dtype, {5, 8}, -9, 9, 2)});
  compare(scatter("scatter", DType::f32, "3x4", "3x4", "3x5", 1),
          {random(DType::f32, {3, 5}),
           values(DType::i32, {3, 4}, {0, 1, 0, 4, 9, 9, 2, 2, 3, 3, 3, 3}),
           random(DType::f32, {3, 4}, -2, 2, 2)});
}

TEST_F(ScatterTest, UpdatesAddUpInOrder) {
  for (DType dtype : {DType::f32, DType::bf16, DType::i32})
    compare(scatter("scatter_add", dtype, "5x1", "5x8", "6x8", 0),
            {random(dtype, {6, 8}, -9, 9), values(DType::i32, {5, 1}, {2, -1, 2, 6, 2}),
             random(dtype, {5, 8}, -9, 9, 2)});
}

// Positions counted from a step value need no search for rivals, also in a ring.
TEST_F(ScatterTest, AppendsAtCountedPositions) {
  for (bool ring : {false, true}) {
    RegionText region("elementwise");
    const std::string cache = region.input("tensor<?x2x4xbf16>"),
                      at = region.input("tensor<1xi32>"), rows = region.input("tensor<3x2x4xbf16>");
    const std::string count = region.op(
        "ashlar.iota {shape = array<i64: 3>, dtype = i32, axis = 0} : () -> tensor<3xi32>");
    const std::string base = region.op(
        "ashlar.broadcast " + at + " {shape = array<i64: 3>} : (tensor<1xi32>) -> tensor<3xi32>");
    std::string where = region.op("ashlar.add " + count + ", " + base +
                                  " : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>");
    if (ring) {
      const std::string size = region.op("ashlar.full {shape = array<i64: 3>, dtype = i32, value = "
                                         "6.0 : f64} : () -> tensor<3xi32>");
      where = region.op("ashlar.remainder " + where + ", " + size +
                        " : (tensor<3xi32>, tensor<3xi32>) -> tensor<3xi32>");
    }
    const std::string index =
        region.op("ashlar.reshape " + where +
                  " {shape = array<i64: 3, 1, 1>} : (tensor<3xi32>) -> tensor<3x1x1xi32>");
    region.output(region.op("ashlar.scatter " + cache + ", " + index + ", " + rows +
                            " {axis = 0} : (tensor<?x2x4xbf16>, "
                            "tensor<3x1x1xi32>, tensor<3x2x4xbf16>) -> tensor<?x2x4xbf16>"),
                  "tensor<?x2x4xbf16>", 0);
    compare(region.text(),
            {random(DType::bf16, {8, 2, 4}), values(DType::i32, {1}, {ring ? 11.0 : 4.0}),
             random(DType::bf16, {3, 2, 4}, -2, 2, 2)});
  }
}

}  // namespace
}  // namespace ashlar
