// SPDX-License-Identifier: Apache-2.0
// Kernels with root "matvec" whose weights are packed: every encoding, odd sizes, several rows and
// roots.
#include "runtime/program/affine_encoding.h"
#include "runtime/program/float_encoding.h"
#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>

#include <cmath>

namespace ashlar {
namespace {

struct Size {
  std::int64_t m, n, k;
};

class PackedMatvecTest : public KernelTest {
protected:
  static std::string tensor(std::int64_t a, std::int64_t b, DType dtype) {
    return fmt::format("tensor<{}x{}x{}>", a, b, mlir_name(dtype));
  }

  // dequantize of three new inputs, [n, k] in f32; the inputs' values go to `inputs`.
  static std::string weights(RegionText& region, Size s, AffineEncoding encoding, DType stored,
                             Tensors& inputs) {
    const auto seed = static_cast<std::uint32_t>(inputs.size());
    const std::int64_t words = s.k * encoding.bits / 32, groups = s.k / encoding.group_size;
    const std::string packed_type = tensor(s.n, words, DType::u32),
                      group_type = tensor(s.n, groups, stored);
    const std::string packed = region.input(packed_type), scales = region.input(group_type),
                      biases = region.input(group_type);
    inputs.push_back(random(DType::u32, {s.n, words}, 0, 0x1p32, seed));
    inputs.push_back(random(stored, {s.n, groups}, -0.1, 0.1, seed + 1));
    inputs.push_back(random(stored, {s.n, groups}, -1, 1, seed + 2));
    return region.op(fmt::format("ashlar.dequantize {}, {}, {} {{bits = {} : i64, group_size = {} "
                                 ": i64, dtype = f32}} : ({}, {}, {}) -> {}",
                                 packed, scales, biases, encoding.bits, encoding.group_size,
                                 packed_type, group_type, group_type,
                                 tensor(s.n, s.k, DType::f32)));
  }

  static std::string matmul(RegionText& region, const std::string& x, const std::string& w, Size s,
                            DType left, DType weight = DType::f32) {
    return region.op(fmt::format(
        "ashlar.matmul {}, {} {{transpose_rhs = true, dtype = f32}} : ({}, {}) -> {}", x, w,
        tensor(s.m, s.k, left), tensor(s.n, s.k, weight), tensor(s.m, s.n, DType::f32)));
  }

  // What a GPU gets; threads as for subgroups of 8.
  static std::string stationary(int workgroup, int lanes, int rows, int batches) {
    return fmt::format("<\"matvec_stationary\", {{workgroup = {}, lanes = {}, rows = {}, batches = "
                       "{}, width = 32}}>",
                       in_subgroups(workgroup), in_subgroups(lanes), rows, batches);
  }

  // The same in halves.
  static std::string halves(int workgroup, int lanes, int rows, int batches) {
    return fmt::format("<\"matvec_stationary\", {{workgroup = {}, lanes = {}, rows = {}, batches = "
                       "{}, width = 32, halves = 1}}>",
                       in_subgroups(workgroup), in_subgroups(lanes), rows, batches);
  }

  // Sums in halves against exact ones; `scale` is that of the left side.
  static void check_halves(Size s, AffineEncoding encoding, DType left, double scale,
                           std::string schedule) {
    SCOPED_TRACE(fmt::format("{}x{}x{}, {} bits, groups of {}, {} times {}, {}", s.m, s.n, s.k,
                             encoding.bits, encoding.group_size, name_of(left), scale, schedule));
    RegionText region("matvec", std::move(schedule));
    const std::string x = region.input(tensor(s.m, s.k, left));
    Tensors inputs{random(left, {s.m, s.k}, -scale, scale)};
    // Packets of one block that differ in size; f16 has no exponents to spare.
    for (std::size_t i = 0; left == DType::bf16 && i < inputs[0].reals.size(); ++i)
      inputs[0].reals[i] *= std::exp2(-static_cast<double>(i / 8 % 7));
    const std::string w = weights(region, s, encoding, DType::f32, inputs);
    region.output(matmul(region, x, w, s, left), tensor(s.m, s.n, DType::f32));
    expect_small_error(region.text(), inputs);
  }

  // The squares of all errors against those of exact results.
  static void expect_small_error(const std::string& text, const Tensors& inputs) {
    const Tensor actual = run(text, inputs).front(), exact = expected(text, inputs).front();
    double error = 0, square = 0;
    for (std::size_t i = 0; i < exact.reals.size(); ++i) {
      error += std::pow(actual.reals[i] - exact.reals[i], 2);
      square += std::pow(exact.reals[i], 2);
    }
    EXPECT_LE(error, 1e-6 * square);
    EXPECT_GT(square, 0);
  }

  // The schedule of a GPU, unless another is given.
  static bool multiplies_halves(AffineEncoding encoding, DType left, const std::string& schedule) {
    return schedule.empty() && !device().profile().is_cpu && left != DType::f32 &&
           (encoding.bits == 4 || encoding.bits == 8);
  }

  static void check(Size s, AffineEncoding encoding, DType stored, DType left,
                    const std::string& schedule = "") {
    SCOPED_TRACE(fmt::format("{}x{}x{}, {} bits, groups of {}, {}", s.m, s.n, s.k, encoding.bits,
                             encoding.group_size, schedule));
    RegionText region("matvec", schedule);
    const std::string x = region.input(tensor(s.m, s.k, left));
    Tensors inputs{random(left, {s.m, s.k})};
    const std::string w = weights(region, s, encoding, stored, inputs);
    region.output(matmul(region, x, w, s, left), tensor(s.m, s.n, DType::f32));
    if (multiplies_halves(encoding, left, schedule))
      return expect_small_error(region.text(), inputs);
    // Sums of up to 2^bits * 0.1 * 2 each.
    const double largest = 0.2 * static_cast<double>(s.k << encoding.bits);
    compare(region.text(), inputs, {1e-5, 1e-7 * largest});
  }

  // Of any codes, with scales of this type.
  static void check_floats(Size s, FloatEncoding encoding, DType stored,
                           std::string schedule = "") {
    SCOPED_TRACE(fmt::format("{}x{}x{}, {}", s.m, s.n, s.k, schedule));
    RegionText region("matvec", std::move(schedule));
    const std::int64_t words = s.k * encoding.bits() / 32, groups = s.k / encoding.group_size;
    const std::string packed_type = tensor(s.n, words, DType::u32),
                      group_type = tensor(s.n, groups, stored);
    const std::string x = region.input(tensor(s.m, s.k, DType::f32)),
                      packed = region.input(packed_type), scales = region.input(group_type);
    const std::string w = region.op(fmt::format(
        "ashlar.dequantize_float {}, {} {{exponent_bits = {} : i64, mantissa_bits = {} : i64, "
        "group_size = {} : i64, dtype = f32}} : ({}, {}) -> {}",
        packed, scales, encoding.exponent_bits, encoding.mantissa_bits, encoding.group_size,
        packed_type, group_type, tensor(s.n, s.k, DType::f32)));
    region.output(matmul(region, x, w, s, DType::f32), tensor(s.m, s.n, DType::f32));
    const double largest = 0.1 * decode_small_float(encoding, (1u << (encoding.bits() - 1)) - 1);
    compare(region.text(),
            {random(DType::f32, {s.m, s.k}), random(DType::u32, {s.n, words}, 0, 0x1p32, 1),
             random(stored, {s.n, groups}, -0.1, 0.1, 2)},
            {1e-5, 1e-7 * largest * static_cast<double>(s.k)});
  }
};

class PackedEncodingTest : public PackedMatvecTest,
                           public testing::WithParamInterface<AffineEncoding> {};

TEST_P(PackedEncodingTest, Sizes) {
  const AffineEncoding encoding = GetParam();
  const std::int64_t group = row_unit(encoding);
  check({1, 33, group}, encoding, DType::bf16, DType::bf16);
  if (encoding.bits != 4 && encoding.group_size != 64)
    return;
  check({1, 70, 7 * group}, encoding, DType::f16, DType::f32);
  check({3, 10, 384}, encoding, DType::f32, DType::f32);
}

TEST_P(PackedEncodingTest, StationarySizes) {
  const AffineEncoding encoding = GetParam();
  const std::int64_t group = row_unit(encoding);
  check({1, 33, group}, encoding, DType::bf16, DType::bf16, stationary(8, 8, 2, 3));
  check({2, 10, 384}, encoding, DType::f32, DType::f16, stationary(16, 8, 1, 2));
}

INSTANTIATE_TEST_SUITE_P(All, PackedEncodingTest, testing::ValuesIn([] {
                           std::vector<AffineEncoding> all;
                           for (std::int64_t bits : kQuantizedBits)
                             for (std::int64_t group : kQuantizedGroups)
                               all.push_back({bits, group});
                           return all;
                         }()),
                         [](const auto& info) {
                           return fmt::format("bits{}_group{}", info.param.bits,
                                              info.param.group_size);
                         });

class PackedFloatsTest : public PackedMatvecTest,
                         public testing::WithParamInterface<FloatEncoding> {};

TEST_P(PackedFloatsTest, Sizes) {
  const FloatEncoding encoding = GetParam();
  const std::int64_t unit = std::max(encoding.group_size, kPackedBlock);
  check_floats({1, 33, unit}, encoding, DType::bf16);
  check_floats({1, 70, 7 * unit}, encoding, DType::f32);
  check_floats({3, 10, 384}, encoding, DType::f16);
  check_floats({2, 10, 384}, encoding, DType::f32, stationary(16, 8, 2, 2));
}

INSTANTIATE_TEST_SUITE_P(All, PackedFloatsTest, testing::ValuesIn([] {
                           std::vector<FloatEncoding> all;
                           for (const auto& [exponent, mantissa] : kSmallFloats)
                             for (std::int64_t group : kSmallFloatGroups)
                               all.push_back({exponent, mantissa, group});
                           return all;
                         }()),
                         [](const auto& info) {
                           return fmt::format("e{}m{}_group{}", info.param.exponent_bits,
                                              info.param.mantissa_bits, info.param.group_size);
                         });

TEST_F(PackedMatvecTest, EverySchedule) {
  for (std::int64_t bits : {3, 4})
    for (int lanes : {1, 8})
      for (int rows : {1, 3, 8})
        for (int unroll : {1, 2})
          check({1, 29, 704}, {bits, 64}, DType::bf16, DType::f32,
                fmt::format("<\"matvec\", {{workgroup = 16, lanes = {}, rows = {}, width = 32, "
                            "unroll = {}}}>",
                            lanes, rows, unroll));
  // What a CPU gets for long rows, with a last workgroup that is not full.
  check({1, 150, 704}, {4, 64}, DType::bf16, DType::f32,
        "<\"matvec\", {workgroup = 8, lanes = 1, rows = 16, width = 64, unroll = 1}>");
}

// Packets of several blocks that share a scale.
TEST_F(PackedMatvecTest, ScalesOfSeveralBlocks) {
  for (std::int64_t bits : {3, 4, 8})
    check({1, 37, 384}, {bits, 64}, DType::bf16, DType::f32,
          "<\"matvec\", {workgroup = 8, lanes = 2, rows = 4, width = 64, unroll = 1}>");
  check({3, 37, 512}, {4, 128}, DType::f16, DType::bf16,
        "<\"matvec\", {workgroup = 8, lanes = 1, rows = 2, width = 128, unroll = 2}>");
}

// Teams of one subgroup and of several, whose lanes have several blocks each or none; rows that end
// within a batch.
TEST_F(PackedMatvecTest, EveryStationarySchedule) {
  for (int lanes : {8, 16, 24})
    for (int teams : {1, 3})
      for (int rows : {1, 3})
        for (int batches : {1, 3})
          check({1, 29, 704}, {4, 64}, DType::f16, DType::f32,
                stationary(lanes * teams, lanes, rows, batches));
}

// Blocks that a round of the workgroup's threads covers exactly, in part, or several times; lanes
// without a block; rows that end within a batch.
TEST_F(PackedMatvecTest, InHalves) {
  for (std::int64_t bits : {4, 8})
    for (std::int64_t group : {32, 64, 128})
      for (DType left : {DType::bf16, DType::f16}) {
        check_halves({1, 29, 256}, {bits, group}, left, 1, halves(32, 8, 2, 3));
        if (group != 64)
          continue;
        check_halves({1, 29, 256}, {bits, group}, left, 1, halves(64, 16, 1, 2));
        check_halves({2, 21, 640}, {bits, group}, left, 1, halves(48, 24, 3, 1));
        check_halves({1, 10, 1024}, {bits, group}, left, 1, halves(8, 8, 2, 2));
      }
}

// Behind a norm, with two matrices, whose left side a round of threads covers in part, exactly or
// several times.
TEST_F(PackedMatvecTest, NormedInHalves) {
  for (const auto& [k, schedule] : {std::pair(std::int64_t{256}, halves(64, 8, 2, 2)),
                                    {256, halves(32, 8, 1, 3)},
                                    {640, halves(24, 24, 3, 2)}}) {
    SCOPED_TRACE(schedule);
    const Size s{1, 19, k};
    const std::string narrow = tensor(1, k, DType::bf16), wide = tensor(1, k, DType::f32),
                      one = tensor(1, 1, DType::f32), y = tensor(1, s.n, DType::f32);
    RegionText region("matvec", schedule);
    const std::string x = region.input(narrow);
    Tensors inputs{random(DType::bf16, {1, k})};
    const std::string f =
        region.op("ashlar.cast " + x + " {dtype = f32} : (" + narrow + ") -> " + wide);
    const std::string square = region.op("ashlar.square " + f + " : (" + wide + ") -> " + wide);
    const std::string sum =
        region.op("ashlar.reduce_sum " + square + " {axes = array<i64: 1>, keepdims = true} : (" +
                  wide + ") -> " + one);
    const std::string root = region.op("ashlar.rsqrt " + sum + " : (" + one + ") -> " + one);
    const std::string factor = region.op(fmt::format(
        "ashlar.broadcast {} {{shape = array<i64: 1, {}>}} : ({}) -> {}", root, k, one, wide));
    const std::string normed =
        region.op("ashlar.mul " + f + ", " + factor + " : (" + wide + ", " + wide + ") -> " + wide);
    const std::string left =
        region.op("ashlar.cast " + normed + " {dtype = bf16} : (" + wide + ") -> " + narrow);
    const std::string gate = weights(region, s, {4, 64}, DType::bf16, inputs),
                      up = weights(region, s, {4, 32}, DType::bf16, inputs);
    const std::string a = matmul(region, left, gate, s, DType::bf16),
                      b = matmul(region, left, up, s, DType::bf16);
    region.output(region.op("ashlar.sub " + a + ", " + b + " : (" + y + ", " + y + ") -> " + y), y);
    // The left side has length 1, numbers of the weights an error of 2^-12 of 15 * 0.1.
    compare(region.text(), inputs, {1e-5, 4e-3});
  }
}

// f16 alone would overflow, or round all to 0.
TEST_F(PackedMatvecTest, LargeAndSmallInHalves) {
  for (double scale : {1e30, 3e4, 1e-4, 1e-30})
    check_halves({1, 29, 512}, {4, 64}, DType::bf16, scale, halves(32, 16, 2, 2));
  for (double scale : {6e4, 1e-4})
    check_halves({1, 29, 512}, {8, 64}, DType::f16, scale, halves(32, 16, 2, 2));
}

TEST_F(PackedMatvecTest, ManyRows) {
  check({8, 21, 192}, {4, 64}, DType::bf16, DType::bf16);
  for (std::int64_t m = 2; m <= 8; ++m)
    check({m, 21, 192}, {4, 64}, DType::bf16, DType::bf16, stationary(16, 8, 3, 2));
}

// Gate and up in different encodings, and one that is not packed.
TEST_F(PackedMatvecTest, RootsOfDifferentEncodings) {
  const std::string stationary_schedule = stationary(16, 8, 2, 2);
  for (const auto& [packed, group, schedule] : {std::tuple(true, std::int64_t{16}, std::string()),
                                                {true, 64, ""},
                                                {false, 16, ""},
                                                {false, 64, ""},
                                                {true, 16, stationary_schedule},
                                                {false, 16, stationary_schedule}}) {
    SCOPED_TRACE(fmt::format("packed {}, groups of {}, {}", packed, group, schedule));
    const Size s{2, 19, 128};
    const std::string y = tensor(s.m, s.n, DType::f32);
    RegionText region("matvec", schedule);
    const std::string x = region.input(tensor(s.m, s.k, DType::f32));
    Tensors inputs{random(DType::f32, {s.m, s.k})};
    const std::string gate = weights(region, s, {4, group}, DType::bf16, inputs);
    std::string up;
    if (packed) {
      up = weights(region, s, {6, 64}, DType::f16, inputs);
    } else {
      up = region.input(tensor(s.n, s.k, DType::f32));
      inputs.push_back(random(DType::f32, {s.n, s.k}, -1, 1, 9));
    }
    const std::string a = matmul(region, x, gate, s, DType::f32),
                      b = matmul(region, x, up, s, DType::f32);
    region.output(region.op("ashlar.mul " + a + ", " + b + " : (" + y + ", " + y + ") -> " + y), y);
    compare(region.text(), inputs, {1e-4, 1e-3});
  }
}

// The left side is computed first and kept in workgroup memory, or too large for it.
TEST_F(PackedMatvecTest, ComputedLeftSide) {
  for (const auto& [k, schedule] : {std::pair(std::int64_t{512}, std::string()),
                                    {512, stationary(32, 16, 2, 2)},
                                    {8192, stationary(256, 256, 4, 2)}}) {
    SCOPED_TRACE(fmt::format("{} {}", k, schedule));
    const Size s{1, 40, k};
    const std::string row = tensor(s.m, s.k, DType::f32);
    RegionText region("matvec", schedule);
    const std::string x = region.input(row);
    Tensors inputs{random(DType::f32, {s.m, s.k})};
    const std::string w = weights(region, s, {4, 64}, DType::bf16, inputs);
    const std::string square = region.op("ashlar.square " + x + " : (" + row + ") -> " + row);
    region.output(matmul(region, square, w, s, DType::f32), tensor(s.m, s.n, DType::f32));
    compare(region.text(), inputs, {1e-5, 2e-6 * static_cast<double>(k)});
  }
}

}  // namespace
}  // namespace ashlar
