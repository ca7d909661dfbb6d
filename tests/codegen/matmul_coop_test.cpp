// SPDX-License-Identifier: Apache-2.0
// The schedule "matmul_coop", on cooperative matrices where the device has them and on lanes
// elsewhere: odd sizes, both layouts of the right side, batches, every kind of tile, work before
// and behind the product.
#include "tests/codegen/product_text.h"

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
