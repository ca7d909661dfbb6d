// SPDX-License-Identifier: Apache-2.0
// The schedule "matmul_coop", on cooperative matrices where the device has them and on lanes
// elsewhere: odd sizes, both layouts of the right side, batches, every kind of tile, packed
// weights, work before and behind the product.
#include "runtime/program/affine_encoding.h"
#include "tests/codegen/product_text.h"

#include <cmath>

namespace ashlar {
namespace {

// Operands are 16-bit, sums f32: only the order of additions differs from the reference.
constexpr Tolerance kTolerance{2e-5, 5e-5};

struct CoopTile {
  int m = 16, n = 32, k = 16, grid_m = 1, grid_n = 2, slots = 2;
};

class MatmulCoopTest : public ProductTest {
protected:
  static std::string schedule(const CoopTile& tile) {
    return fmt::format("<\"matmul_coop\", {{tile_m = {}, tile_n = {}, tile_k = {}, grid_m = {}, "
                       "grid_n = {}, slots = {}, workgroup = {}}}>",
                       tile.m, tile.n, tile.k, tile.grid_m, tile.grid_n, tile.slots,
                       tile.grid_m * tile.grid_n * device().profile().subgroup_size);
  }

  static Product product(std::int64_t m, std::int64_t n, std::int64_t k, DType dtype,
                         const CoopTile& tile = {}) {
    return {.m = m,
            .n = n,
            .k = k,
            .left = dtype,
            .right = dtype,
            .result = dtype,
            .schedule = schedule(tile)};
  }
};

TEST_F(MatmulCoopTest, Sizes) {
  for (bool transposed : {true, false})
    for (auto [m, n, k] : {std::array{1, 1, 1}, {17, 35, 17}, {32, 32, 48}, {9, 40, 24}}) {
      Product p = product(m, n, k, DType::bf16);
      p.transposed = transposed;
      check(p, kTolerance);
    }
}

TEST_F(MatmulCoopTest, ElementTypes) {
  for (DType dtype : {DType::f16, DType::bf16})
    for (DType result : {dtype, DType::f32}) {
      Product p = product(20, 24, 40, dtype);
      p.result = result;
      check(p, kTolerance);
    }
}

TEST_F(MatmulCoopTest, Batches) {
  for (bool shared_right : {true, false}) {
    Product p = product(9, 16, 24, DType::f16);
    p.batch = {2, 3};
    p.shared_right = shared_right;
    check(p, kTolerance);
  }
}

TEST_F(MatmulCoopTest, EveryTile) {
  for (const CoopTile& tile : {CoopTile{16, 16, 16, 1, 1, 1},
                               {64, 16, 16, 2, 1, 2},
                               {32, 32, 32, 1, 2, 1},
                               {16, 48, 32, 1, 1, 2}})
    check(product(20, 70, 72, DType::bf16, tile), kTolerance);
}

// A computed left side, a bias along the rows, and a result whose rows lie otherwise.
TEST_F(MatmulCoopTest, PrologueAndEpilogue) {
  const Product p = product(36, 48, 64, DType::bf16);
  RegionText region("matmul", p.schedule);
  const std::string left = tensor(p.left_dims(), DType::bf16),
                    result = tensor(p.result_dims(), DType::bf16);
  const std::string x = region.input(left), y = region.input(tensor({48, 64}, DType::bf16)),
                    bias = region.input("tensor<48xbf16>");
  const std::string squared = region.op("ashlar.square " + x + " : (" + left + ") -> " + left);
  const std::string sum =
      region.op(fmt::format("ashlar.add {}, {} : ({}, {}) -> {}", multiply(region, p, squared, y),
                            broadcast(region, bias, p), result, result, result));
  region.output(region.op("ashlar.reshape " + sum + " {shape = array<i64: 12, 3, 16, 3>} : (" +
                          result + ") -> tensor<12x3x16x3xbf16>"),
                "tensor<12x3x16x3xbf16>");
  compare(region.text(),
          {random(DType::bf16, {36, 64}, -1, 1), random(DType::bf16, {48, 64}, -1, 1, 2),
           random(DType::bf16, {48}, -1, 1, 3)},
          {1e-2, 1e-3});
}

// Packed weights on the right, rounded to the type of the left side. Where the region says so too,
// only the order of additions is left.
class PackedMatmulCoopTest : public MatmulCoopTest {
protected:
  static void check_packed(Product p, AffineEncoding encoding, DType stored, Tolerance tolerance) {
    SCOPED_TRACE(fmt::format("{}x{}x{} {}, {} bits, groups of {}", p.m, p.n, p.k, name_of(p.left),
                             encoding.bits, encoding.group_size));
    p.result = DType::f32;
    const std::vector<std::int64_t> words{p.n, p.k * encoding.bits / 32},
        groups{p.n, p.k / encoding.group_size};
    RegionText region("matmul", p.schedule);
    const std::string x = region.input(tensor(p.left_dims(), p.left)),
                      packed = region.input(tensor(words, DType::u32)),
                      scales = region.input(tensor(groups, stored)),
                      biases = region.input(tensor(groups, stored));
    const std::string weights = region.op(fmt::format(
        "ashlar.dequantize {}, {}, {} {{bits = {} : i64, group_size = {} : i64, dtype = {}}} : "
        "({}, {}, {}) -> {}",
        packed, scales, biases, encoding.bits, encoding.group_size, mlir_name(p.right),
        tensor(words, DType::u32), tensor(groups, stored), tensor(groups, stored),
        tensor(p.right_dims(), p.right)));
    region.output(multiply(region, p, x, weights), tensor(p.result_dims(), p.result));
    const double step = 2.0 / static_cast<double>(1 << encoding.bits);
    compare(
        region.text(),
        {random(p.left, Shape(p.left_dims()), -1, 1), random(DType::u32, Shape(words), 0, 0x1p32),
         random(stored, Shape(groups), -step, step, 2), random(stored, Shape(groups), -1, 1, 3)},
        tolerance);
  }
};

class CoopEncodingTest : public PackedMatmulCoopTest,
                         public testing::WithParamInterface<AffineEncoding> {};

TEST_P(CoopEncodingTest, Sizes) {
  const AffineEncoding encoding = GetParam();
  const std::int64_t unit = row_unit(encoding);
  check_packed(product(17, 35, 3 * unit, DType::bf16, {.k = 32}), encoding, DType::bf16,
               kTolerance);
  // Scales of 16 bits: products and sums are exact in f32, so that weights are rounded once.
  if (encoding.group_size == 64)
    check_packed(product(9, 70, 384, DType::f16, {.m = 32, .k = 64, .slots = 1}), encoding,
                 DType::f16, kTolerance);
}

// Unpacking knows nothing of the groups, and scales nothing of the bits.
INSTANTIATE_TEST_SUITE_P(All, CoopEncodingTest, testing::ValuesIn([] {
                           std::vector<AffineEncoding> some;
                           for (std::int64_t bits : kQuantizedBits)
                             some.push_back({bits, 64});
                           for (std::int64_t group : kQuantizedGroups)
                             if (group != 64)
                               some.push_back({4, group});
                           return some;
                         }()));

// Against weights in f32: rounding errors of up to half a unit add up like random ones.
TEST_F(PackedMatmulCoopTest, RoundsWeights) {
  constexpr std::int64_t kLength = 256;
  for (auto [dtype, half_unit] : {std::pair{DType::f16, 0x1p-11}, {DType::bf16, 0x1p-8}}) {
    Product p = product(20, 33, kLength, dtype, {.k = 32});
    p.right = DType::f32;
    check_packed(p, {4, 64}, dtype, {0, half_unit * std::sqrt(kLength)});
  }
}

// Powers of two times floats of 4 bits: rounding changes nothing.
TEST_F(PackedMatmulCoopTest, SmallFloats) {
  const Product p = product(17, 35, 96, DType::bf16, {.k = 32});
  RegionText region("matmul", p.schedule);
  const std::string x = region.input(tensor(p.left_dims(), DType::bf16)),
                    packed = region.input("tensor<35x3x16xui8>"),
                    scales = region.input("tensor<35x3xui8>");
  const std::string right = tensor(p.right_dims(), DType::bf16);
  const std::string weights =
      region.op(fmt::format("ashlar.dequantize_mxfp4 {}, {} {{dtype = bf16}} : "
                            "(tensor<35x3x16xui8>, tensor<35x3xui8>) -> {}",
                            packed, scales, right));
  region.output(multiply(region, p, x, weights), tensor(p.result_dims(), DType::bf16));
  compare(region.text(),
          {random(DType::bf16, {17, 96}, -1, 1), random(DType::u8, {35, 3, 16}, 0, 256),
           random(DType::u8, {35, 3}, 120, 128, 2)},
          kTolerance);
}

// Floats of 8 bits times scales of 16, and halves of 16 columns with scales of their own.
TEST_F(PackedMatmulCoopTest, ScaledFloats) {
  const Product p = product(17, 35, 96, DType::bf16, {.k = 32});
  RegionText region("matmul", p.schedule);
  const std::string x = region.input(tensor(p.left_dims(), DType::bf16)),
                    packed = region.input("tensor<35x24xui32>"),
                    scales = region.input("tensor<35x6xbf16>");
  const std::string right = tensor(p.right_dims(), DType::bf16);
  const std::string weights =
      region.op(fmt::format("ashlar.dequantize_float {}, {} {{exponent_bits = 4 : i64, "
                            "mantissa_bits = 3 : i64, group_size = 16 : i64, dtype = bf16}} : "
                            "(tensor<35x24xui32>, tensor<35x6xbf16>) -> {}",
                            packed, scales, right));
  region.output(multiply(region, p, x, weights), tensor(p.result_dims(), DType::bf16));
  compare(region.text(),
          {random(DType::bf16, {17, 96}, -1, 1), random(DType::u32, {35, 24}, 0, 0x1p32, 1),
           random(DType::bf16, {35, 6}, -0.1, 0.1, 2)},
          kTolerance);
}

// The rows of the result are scattered, as keys go into their cache; packets stay whole.
TEST_F(MatmulCoopTest, ScattersRows) {
  const Product p = product(18, 32, 32, DType::f16);
  RegionText region("matmul", p.schedule);
  const std::string x = region.input(tensor(p.left_dims(), DType::f16)),
                    y = region.input(tensor(p.right_dims(), DType::f16)),
                    cache = region.input("tensor<40x32xf16>");
  const std::string rows =
      region.op("ashlar.iota {shape = array<i64: 18, 1>, dtype = i32, axis = 0 : i64} : () -> "
                "tensor<18x1xi32>");
  region.output(region.op(fmt::format("ashlar.scatter {}, {}, {} {{axis = 0 : i64}} : "
                                      "(tensor<40x32xf16>, tensor<18x1xi32>, {}) -> "
                                      "tensor<40x32xf16>",
                                      cache, rows, multiply(region, p, x, y),
                                      tensor(p.result_dims(), DType::f16))),
                "tensor<40x32xf16>", 2);
  compare(region.text(),
          {random(DType::f16, {18, 32}, -1, 1), random(DType::f16, {32, 32}, -1, 1, 2),
           random(DType::f16, {40, 32}, -1, 1, 3)},
          kTolerance);
}

}  // namespace
}  // namespace ashlar
