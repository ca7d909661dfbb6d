// SPDX-License-Identifier: Apache-2.0
// Kernels with root "matvec": weights of every float type, odd sizes, several rows and roots, norms
// before the product and work behind it.
#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>

namespace ashlar {
namespace {

struct Size {
  std::int64_t m, n, k;
};

class MatvecTest : public KernelTest {
protected:
  static std::string tensor(std::int64_t a, std::int64_t b, DType dtype) {
    return fmt::format("tensor<{}x{}x{}>", a, b, mlir_name(dtype));
  }

  // Threads as for subgroups of 8.
  static std::string stationary(int workgroup, int lanes, int rows, int batches, int width) {
    return fmt::format(
        "<\"matvec_stationary\", {{workgroup = {}, lanes = {}, rows = {}, batches = {}, "
        "width = {}}}>",
        in_subgroups(workgroup), in_subgroups(lanes), rows, batches, width);
  }

  static std::string matmul(RegionText& region, const std::string& x, const std::string& w, Size s,
                            DType left, DType weight, DType result) {
    return region.op(
        fmt::format("ashlar.matmul {}, {} {{transpose_rhs = true, dtype = {}}} : ({}, {}) -> {}", x,
                    w, mlir_name(result), tensor(s.m, s.k, left), tensor(s.n, s.k, weight),
                    tensor(s.m, s.n, result)));
  }

  static std::string plain(Size s, DType left, DType weight, DType result,
                           std::string schedule = "") {
    RegionText region("matvec", std::move(schedule));
    const std::string x = region.input(tensor(s.m, s.k, left));
    const std::string w = region.input(tensor(s.n, s.k, weight));
    region.output(matmul(region, x, w, s, left, weight, result), tensor(s.m, s.n, result));
    return region.text();
  }
};

class MatvecWeightTest : public MatvecTest, public testing::WithParamInterface<DType> {};

TEST_P(MatvecWeightTest, Sizes) {
  const DType weight = GetParam();
  for (Size s :
       {Size{1, 1, 1}, Size{1, 33, 7}, Size{1, 64, 128}, Size{2, 10, 36}, Size{8, 17, 66}}) {
    SCOPED_TRACE(fmt::format("{}x{}x{}", s.m, s.n, s.k));
    compare(plain(s, DType::f32, weight, DType::f32),
            {random(DType::f32, {s.m, s.k}), random(weight, {s.n, s.k}, -1, 1, 2)}, {1e-5, 2e-5});
  }
}

TEST_P(MatvecWeightTest, NarrowLeftSideAndResult) {
  const DType weight = GetParam();
  const Size s{1, 50, 96};
  compare(plain(s, weight, weight, weight),
          {random(weight, {s.m, s.k}), random(weight, {s.n, s.k}, -1, 1, 2)}, {1e-5, 2e-5});
}

INSTANTIATE_TEST_SUITE_P(All, MatvecWeightTest,
                         testing::Values(DType::f32, DType::bf16, DType::f16),
                         [](const auto& info) { return std::string(name_of(info.param)); });

std::string schedule_of(int lanes, int rows, int width, int unroll) {
  return fmt::format(
      "<\"matvec\", {{workgroup = 16, lanes = {}, rows = {}, width = {}, unroll = {}}}>", lanes,
      rows, width, unroll);
}

TEST_F(MatvecTest, EverySchedule) {
  const Size s{3, 29, 40};
  for (int lanes : {1, 2, 8})
    for (int rows : {1, 3, 4})
      for (int width : {1, 8})
        for (int unroll : {1, 3}) {
          const std::string schedule = schedule_of(lanes, rows, width, unroll);
          SCOPED_TRACE(schedule);
          compare(plain(s, DType::f32, DType::bf16, DType::f32, schedule),
                  {random(DType::f32, {s.m, s.k}), random(DType::bf16, {s.n, s.k}, -1, 1, 2)},
                  {1e-5, 2e-5});
        }
}

// Residual sum, RMS norm, gate and up products, silu(gate) * up; the residual is stored once. With
// several steps at once, the first weights are loaded before the norm.
TEST_F(MatvecTest, NormGateUpAndStoredResidual) {
  for (const auto& [m, schedule] : {std::pair<std::int64_t, std::string>{1, ""},
                                    {2, ""},
                                    {1, schedule_of(8, 1, 2, 3)},
                                    {2, schedule_of(4, 2, 4, 2)},
                                    {1, stationary(24, 8, 3, 2, 4)},
                                    {2, stationary(16, 16, 4, 2, 4)}}) {
    SCOPED_TRACE(fmt::format("{} rows {}", m, schedule));
    const Size s{m, 44, 64};
    RegionText region("matvec", schedule);
    const std::string x = tensor(m, 64, DType::bf16), wide = tensor(m, 64, DType::f32),
                      one = tensor(m, 1, DType::f32), y = tensor(m, 44, DType::bf16);
    const std::string a = region.input(x), d = region.input(x), g = region.input("tensor<64xbf16>"),
                      gate = region.input("tensor<44x64xbf16>"),
                      up = region.input("tensor<44x64xbf16>");
    const std::string h =
        region.op("ashlar.add " + a + ", " + d + " : (" + x + ", " + x + ") -> " + x);
    const std::string f = region.op("ashlar.cast " + h + " {dtype = f32} : (" + x + ") -> " + wide);
    const std::string sq = region.op("ashlar.square " + f + " : (" + wide + ") -> " + wide);
    const std::string sum =
        region.op("ashlar.reduce_sum " + sq + " {axes = array<i64: 1>, keepdims = true} : (" +
                  wide + ") -> " + one);
    const std::string r = region.op("ashlar.rsqrt " + sum + " : (" + one + ") -> " + one);
    const std::string rb = region.op(fmt::format(
        "ashlar.broadcast {} {{shape = array<i64: {}, 64>}} : ({}) -> {}", r, m, one, wide));
    const std::string n =
        region.op("ashlar.mul " + f + ", " + rb + " : (" + wide + ", " + wide + ") -> " + wide);
    const std::string nb =
        region.op("ashlar.cast " + n + " {dtype = bf16} : (" + wide + ") -> " + x);
    const std::string gb = region.op(fmt::format(
        "ashlar.broadcast {} {{shape = array<i64: {}, 64>}} : (tensor<64xbf16>) -> {}", g, m, x));
    const std::string v =
        region.op("ashlar.mul " + nb + ", " + gb + " : (" + x + ", " + x + ") -> " + x);
    const std::string p = matmul(region, v, gate, s, DType::bf16, DType::bf16, DType::bf16);
    const std::string q = matmul(region, v, up, s, DType::bf16, DType::bf16, DType::bf16);
    const std::string act = region.op("ashlar.silu " + p + " : (" + y + ") -> " + y);
    const std::string out =
        region.op("ashlar.mul " + act + ", " + q + " : (" + y + ", " + y + ") -> " + y);
    region.output(out, y);
    region.output(h, x);
    compare(region.text(),
            {random(DType::bf16, {m, 64}), random(DType::bf16, {m, 64}, -2, 2, 2),
             random(DType::bf16, {64}, 0.5, 1.5, 3), random(DType::bf16, {44, 64}, -1, 1, 4),
             random(DType::bf16, {44, 64}, -1, 1, 5)},
            {1e-2, 1e-2});
  }
}

// The norm of each head, and a gate: parts of rows, fewer than threads or more.
TEST_F(MatvecTest, NormOfHeads) {
  for (const auto& [m, heads, schedule] :
       {std::tuple<std::int64_t, std::int64_t, std::string>{1, 4, ""},
        {2, 3, schedule_of(8, 1, 4, 2)},
        {1, 40, schedule_of(8, 2, 4, 1)},
        {2, 5, stationary(24, 8, 3, 2, 4)},
        {1, 40, stationary(32, 32, 2, 2, 4)}}) {
    SCOPED_TRACE(fmt::format("{} rows of {} heads {}", m, heads, schedule));
    const Size s{m, 21, 12 * heads};
    const std::string row = tensor(m, s.k, DType::f32),
                      one = fmt::format("tensor<{}x{}x1xf32>", m, heads),
                      head = fmt::format("tensor<{}x{}x12xf32>", m, heads);
    RegionText region("matvec", schedule);
    const auto op = [&](std::string_view name, const std::string& operand,
                        const std::string& attributes, const std::string& from,
                        const std::string& to) {
      return region.op(
          fmt::format("ashlar.{} {} {{{}}} : ({}) -> {}", name, operand, attributes, from, to));
    };
    const std::string x = region.input(head), gate = region.input(row),
                      w = region.input(tensor(s.n, s.k, DType::bf16));
    const std::string sum = op("reduce_sum", op("square", x, "", head, head),
                               "axes = array<i64: 2>, keepdims = true", head, one);
    const std::string scale =
        op("broadcast", op("rsqrt", sum, "", one, one),
           fmt::format("shape = array<i64: {}, {}, 12>", m, heads), one, head);
    const std::string normed =
        op("reshape", op("mul", x + ", " + scale, "", head + ", " + head, head),
           fmt::format("shape = array<i64: {}, {}>", m, s.k), head, row);
    const std::string gated =
        op("mul", normed + ", " + op("silu", gate, "", row, row), "", row + ", " + row, row);
    region.output(matmul(region, gated, w, s, DType::f32, DType::bf16, DType::f32),
                  tensor(m, s.n, DType::f32));
    compare(region.text(),
            {random(DType::f32, {m, heads, 12}), random(DType::f32, {m, s.k}, -2, 2, 2),
             random(DType::bf16, {s.n, s.k}, -1, 1, 3)},
            {1e-5, 5e-5});
  }
}

// Bias, residual in another view of the rows, and a row appended to a cache.
TEST_F(MatvecTest, EpilogueThroughReshapeAndScatter) {
  const Size s{1, 24, 40};
  RegionText region("matvec");
  const std::string heads = "tensor<1x1x3x8xf32>";
  const std::string x = region.input(tensor(1, 40, DType::f32)),
                    w = region.input("tensor<24x40xbf16>"), bias = region.input("tensor<24xf32>"),
                    cache = region.input("tensor<?x1x3x8xf32>"), at = region.input("tensor<1xi32>");
  const std::string y = matmul(region, x, w, s, DType::f32, DType::bf16, DType::f32);
  const std::string bb =
      region.op("ashlar.reshape " + bias +
                " {shape = array<i64: 1, 24>} : (tensor<24xf32>) -> tensor<1x24xf32>");
  const std::string z = region.op("ashlar.add " + y + ", " + bb +
                                  " : (tensor<1x24xf32>, tensor<1x24xf32>) -> tensor<1x24xf32>");
  const std::string rows = region.op(
      "ashlar.reshape " + z + " {shape = array<i64: 1, 1, 3, 8>} : (tensor<1x24xf32>) -> " + heads);
  const std::string index =
      region.op("ashlar.reshape " + at +
                " {shape = array<i64: 1, 1, 1, 1>} : (tensor<1xi32>) -> tensor<1x1x1x1xi32>");
  const std::string next = region.op("ashlar.scatter " + cache + ", " + index + ", " + rows +
                                     " {axis = 0} : (tensor<?x1x3x8xf32>, tensor<1x1x1x1xi32>, " +
                                     heads + ") -> tensor<?x1x3x8xf32>");
  region.output(z, "tensor<1x24xf32>");
  region.output(next, "tensor<?x1x3x8xf32>", 3);
  compare(region.text(),
          {random(DType::f32, {1, 40}), random(DType::bf16, {24, 40}, -1, 1, 2),
           random(DType::f32, {24}, -1, 1, 3), random(DType::f32, {4, 1, 3, 8}, -1, 1, 4),
           values(DType::i32, {1}, {2})},
          {1e-5, 2e-5});
}

}  // namespace
}  // namespace ashlar
