// SPDX-License-Identifier: Apache-2.0
// Kernels with root "matmul": every element type, odd sizes, batches, both layouts of the right
// side, every kind of tile, work before and behind the product.
#include "tests/codegen/product_text.h"

namespace ashlar {
namespace {

using MatmulTest = ProductTest;

TEST_F(MatmulTest, Sizes) {
  for (bool transposed : {true, false})
    for (auto [m, n, k] : {std::array{1, 1, 1}, {33, 35, 17}, {64, 32, 48}, {9, 70, 33}})
      check({.m = m, .n = n, .k = k, .transposed = transposed});
}

TEST_F(MatmulTest, ElementTypes) {
  for (DType dtype : {DType::bf16, DType::f16, DType::i8, DType::u8, DType::i16, DType::i32,
                      DType::u32, DType::i64})
    check({.m = 20, .n = 12, .k = 24, .left = dtype, .right = dtype, .result = dtype});
  check(
      {.m = 20, .n = 12, .k = 24, .left = DType::f32, .right = DType::bf16, .result = DType::bf16});
  check({.m = 20, .n = 12, .k = 24, .left = DType::i8, .right = DType::i8, .result = DType::i32});
}

TEST_F(MatmulTest, Batches) {
  for (bool transposed : {true, false}) {
    check({.batch = {2, 3}, .m = 5, .n = 7, .k = 12, .transposed = transposed});
    check({.batch = {2, 3},
           .m = 5,
           .n = 8,
           .k = 12,
           .transposed = transposed,
           .shared_right = false});
  }
}

TEST_F(MatmulTest, EverySchedule) {
  for (auto [m, n, k, size] : {std::array{8, 8, 4, 4},
                               {16, 64, 8, 16},
                               {64, 64, 16, 256},
                               {32, 32, 32, 32},
                               {8, 32, 0, 16},
                               {16, 32, 0, 8}})
    for (std::int64_t length : {40, 42})
      for (bool transposed : {true, false})
        check({.m = 37,
               .n = 46,
               .k = length,
               .transposed = transposed,
               .schedule = fmt::format(
                   "<\"matmul\", {{tile_m = {}, tile_n = {}, tile_k = {}, workgroup = {}}}>", m, n,
                   k, size)});
}

TEST_F(MatmulTest, PrologueAndEpilogue) {
  const Product p{.batch = {2}, .m = 9, .n = 12, .k = 20};
  RegionText region("matmul");
  const std::string left = tensor(p.left_dims(), DType::f32),
                    result = tensor(p.result_dims(), DType::f32);
  const std::string x = region.input(left), y = region.input(tensor({12, 20}, DType::f32)),
                    bias = region.input("tensor<12xf32>");
  const std::string squared = region.op("ashlar.square " + x + " : (" + left + ") -> " + left);
  const std::string product = multiply(region, p, squared, y);
  const std::string wide = broadcast(region, bias, p);
  const std::string sum = region.op("ashlar.add " + product + ", " + wide + " : (" + result + ", " +
                                    result + ") -> " + result);
  region.output(region.op("ashlar.reshape " + sum + " {shape = array<i64: 18, 3, 4>} : (" + result +
                          ") -> tensor<18x3x4xf32>"),
                "tensor<18x3x4xf32>");
  compare(region.text(),
          {random(DType::f32, {2, 9, 20}), random(DType::f32, {12, 20}, -1, 1, 2),
           random(DType::f32, {12}, -1, 1, 3)},
          {1e-5, 5e-5});
}

}  // namespace
}  // namespace ashlar
