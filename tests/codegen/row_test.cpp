// SPDX-License-Identifier: Apache-2.0
// Kernels with root "row": every reduction, norms, softmax, ties and NaNs, odd and large rows.
#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>

#include <limits>

namespace ashlar {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Rows {
  std::int64_t rows, length;
};

class RowTest : public KernelTest {
protected:
  static std::string tensor(Rows r, DType dtype) {
    return fmt::format("tensor<{}x{}x{}>", r.rows, r.length, mlir_name(dtype));
  }
  static std::string column(Rows r, DType dtype) {
    return fmt::format("tensor<{}x{}>", r.rows, mlir_name(dtype));
  }

  // All reductions of one dtype in one kernel.
  static std::string reductions(Rows r, DType dtype, std::string schedule = "") {
    RegionText region("row", std::move(schedule));
    const std::string type = tensor(r, dtype), result = column(r, dtype), x = region.input(type);
    std::vector<std::string> kinds = {"sum", "prod", "max", "min"};
    if (dtype == DType::boolean)
      kinds = {"any", "all"};
    for (const std::string& kind : kinds)
      region.output(region.op(fmt::format("ashlar.reduce_{} {} {{axes = array<i64: 1>, keepdims = "
                                          "false}} : ({}) -> {}",
                                          kind, x, type, result)),
                    result);
    if (dtype != DType::boolean)
      for (const char* kind : {"argmax", "argmin"})
        region.output(
            region.op(fmt::format("ashlar.{} {} {{axis = 1, keepdims = false}} : ({}) -> {}", kind,
                                  x, type, column(r, DType::i32))),
            column(r, DType::i32));
    return region.text();
  }

  static std::string softmax(Rows r, DType dtype, std::string schedule = "") {
    RegionText region("row", std::move(schedule));
    const std::string type = tensor(r, dtype), one = tensor({r.rows, 1}, dtype);
    const std::string x = region.input(type);
    auto reduce = [&](const char* kind, const std::string& value) {
      const std::string reduced =
          region.op(fmt::format("ashlar.reduce_{} {} {{axes = array<i64: 1>, keepdims = true}} : "
                                "({}) -> {}",
                                kind, value, type, one));
      return region.op(
          fmt::format("ashlar.broadcast {} {{shape = array<i64: {}, {}>}} : ({}) -> {}", reduced,
                      r.rows, r.length, one, type));
    };
    auto binary = [&](const char* op, const std::string& a, const std::string& b) {
      return region.op(
          fmt::format("ashlar.{} {}, {} : ({}, {}) -> {}", op, a, b, type, type, type));
    };
    const std::string shifted = binary("sub", x, reduce("max", x));
    const std::string e = region.op(fmt::format("ashlar.exp {} : ({}) -> {}", shifted, type, type));
    region.output(binary("div", e, reduce("sum", e)), type);
    return region.text();
  }
};

// Passes without loops, whose later ones find what the first one loaded, the last turn not for all
// threads; and of rows that are too long for that.
TEST_F(RowTest, UnrolledPasses) {
  for (DType dtype : {DType::f32, DType::bf16})
    for (std::int64_t rows : {1, 2})
      for (std::int64_t length : {256 / rows * 3, 256 / rows * 3 - 20, 256 / rows * 3 - 1}) {
        SCOPED_TRACE(fmt::format("{} {} {}", name_of(dtype), rows, length));
        const Rows r{5, length};
        compare(softmax(r, dtype,
                        fmt::format("<\"row\", {{workgroup = 64 : i64, rows = {} : i64, width = 4 "
                                    ": i64, unroll = 3 : i64}}>",
                                    rows)),
                {random(dtype, {r.rows, r.length}, -4, 4)}, {1e-5, 1e-5});
      }
}

class RowDTypeTest : public RowTest, public testing::WithParamInterface<DType> {};

TEST_P(RowDTypeTest, EveryReduction) {
  const DType dtype = GetParam();
  for (Rows r : {Rows{3, 37}, Rows{1, 1}, Rows{5, 64}}) {
    SCOPED_TRACE(r.length);
    const double high = is_float(dtype) ? 1.5 : 100, low = is_float(dtype)    ? 0.7
                                                           : is_signed(dtype) ? -100
                                                                              : 0;
    const Tensor x = dtype == DType::boolean ? random(dtype, {r.rows, r.length}, 0, 2)
                                             : random(dtype, {r.rows, r.length}, low, high);
    compare(reductions(r, dtype), {x}, {2e-5, 1e-5});
    compare(reductions(r, dtype, "<\"row\", {workgroup = 16, rows = 1, width = 4, unroll = 4}>"),
            {x}, {2e-5, 1e-5});
  }
}

INSTANTIATE_TEST_SUITE_P(All, RowDTypeTest,
                         testing::Values(DType::boolean, DType::u8, DType::i16, DType::i32,
                                         DType::u32, DType::i64, DType::u64, DType::f16,
                                         DType::bf16, DType::f32),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST_F(RowTest, NothingSumsToZero) {
  RegionText region("row");
  const std::string x = region.input("tensor<2x4xf32>");
  const std::string none = region.op(
      "ashlar.slice " + x +
      " {starts = array<i64: 0, 1>, sizes = array<i64: 2, 0>, steps = array<i64: 1, 1>} : "
      "(tensor<2x4xf32>) -> tensor<2x0xf32>");
  for (const char* kind : {"sum", "prod"})
    region.output(
        region.op(fmt::format("ashlar.reduce_{} {} {{axes = array<i64: 1>, keepdims = false}} : "
                              "(tensor<2x0xf32>) -> tensor<2xf32>",
                              kind, none)),
        "tensor<2xf32>");
  compare(region.text(), {random(DType::f32, {2, 4})});
}

TEST_F(RowTest, TiesGoToTheLowestIndexAndTheFirstNanWins) {
  const Rows r{4, 20};
  Tensor x = random(DType::f32, {r.rows, r.length});
  for (std::size_t at : {5u, 7u, 19u})
    x.reals[at] = 9;  // row 0: ties
  x.reals[20 + 11] = kNan;
  x.reals[20 + 13] = kNan;
  for (std::size_t i = 40; i < 60; ++i)
    x.reals[i] = i % 2 ? 0.0 : -0.0;  // zeros of both signs are equal
  compare(reductions(r, DType::f32), {x}, {1e-5, 1e-5});
}

TEST_F(RowTest, Softmax) {
  for (DType dtype : {DType::f32, DType::bf16, DType::f16})
    for (Rows r : {Rows{7, 33}, Rows{2, 128}, Rows{1, 4}}) {
      SCOPED_TRACE(fmt::format("{} {}x{}", name_of(dtype), r.rows, r.length));
      compare(softmax(r, dtype), {random(dtype, {r.rows, r.length}, -8, 8)}, {1e-5, 1e-6});
    }
}

TEST_F(RowTest, LongRowsStayBelowTheLoopLimit) {
  const Rows r{1, 1'200'004};
  compare(reductions(r, DType::i32), {random(DType::i32, {r.rows, r.length}, -1e6, 1e6)});
}

// A residual sum is stored beside its norm; the norm's values are read back over the row.
TEST_F(RowTest, AddThenRmsNorm) {
  RegionText region("row");
  const std::string type = "tensor<3x2x24xbf16>", wide = "tensor<3x2x24xf32>",
                    one = "tensor<3x2x1xf32>";
  const std::string a = region.input(type), c = region.input(type),
                    w = region.input("tensor<24xbf16>");
  const std::string h =
      region.op("ashlar.add " + a + ", " + c + " : (" + type + ", " + type + ") -> " + type);
  const std::string f =
      region.op("ashlar.cast " + h + " {dtype = f32} : (" + type + ") -> " + wide);
  const std::string sq = region.op("ashlar.square " + f + " : (" + wide + ") -> " + wide);
  const std::string sum =
      region.op("ashlar.reduce_sum " + sq + " {axes = array<i64: 2>, keepdims = true} : (" + wide +
                ") -> " + one);
  const std::string eps =
      region.op("ashlar.full {shape = array<i64: 3, 2, 1>, dtype = f32, value = "
                "1.0e-5 : f64} : () -> " +
                one);
  const std::string s =
      region.op("ashlar.add " + sum + ", " + eps + " : (" + one + ", " + one + ") -> " + one);
  const std::string r = region.op("ashlar.rsqrt " + s + " : (" + one + ") -> " + one);
  const std::string rb = region.op("ashlar.broadcast " + r + " {shape = array<i64: 3, 2, 24>} : (" +
                                   one + ") -> " + wide);
  const std::string n =
      region.op("ashlar.mul " + f + ", " + rb + " : (" + wide + ", " + wide + ") -> " + wide);
  const std::string nb =
      region.op("ashlar.cast " + n + " {dtype = bf16} : (" + wide + ") -> " + type);
  const std::string wb = region.op(
      "ashlar.broadcast " + w + " {shape = array<i64: 3, 2, 24>} : (tensor<24xbf16>) -> " + type);
  const std::string y =
      region.op("ashlar.mul " + nb + ", " + wb + " : (" + type + ", " + type + ") -> " + type);
  region.output(h, type);
  region.output(y, type);
  compare(region.text(),
          {random(DType::bf16, {3, 2, 24}), random(DType::bf16, {3, 2, 24}, -2, 2, 2),
           random(DType::bf16, {24}, 0.5, 1.5, 3)});
}

// Parts with different row counts, and one without reductions.
TEST_F(RowTest, PartsOfDifferentShapes) {
  RegionText region("row");
  const std::string x = region.input("tensor<9x12xf32>"), y = region.input("tensor<2x40xf32>"),
                    z = region.input("tensor<5xi32>");
  region.output(region.op("ashlar.reduce_max " + x +
                          " {axes = array<i64: 1>, keepdims = false} : "
                          "(tensor<9x12xf32>) -> tensor<9xf32>"),
                "tensor<9xf32>");
  region.output(region.op("ashlar.reduce_sum " + y +
                          " {axes = array<i64: 1>, keepdims = true} : "
                          "(tensor<2x40xf32>) -> tensor<2x1xf32>"),
                "tensor<2x1xf32>");
  region.output(region.op("ashlar.neg " + z + " : (tensor<5xi32>) -> tensor<5xi32>"),
                "tensor<5xi32>");
  compare(region.text(), {random(DType::f32, {9, 12}), random(DType::f32, {2, 40}),
                          random(DType::i32, {5}, -9, 9)});
}

}  // namespace
}  // namespace ashlar
