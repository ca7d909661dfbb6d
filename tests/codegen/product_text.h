// SPDX-License-Identifier: Apache-2.0
// Kernels with root "matmul" as text, and their inputs.
#pragma once

#include "tests/codegen/kernel_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ashlar {

struct Product {
  std::vector<std::int64_t> batch = {};
  std::int64_t m = 8, n = 8, k = 8;
  bool transposed = true, shared_right = true;
  DType left = DType::f32, right = DType::f32, result = DType::f32;
  std::string schedule = "";

  std::vector<std::int64_t> left_dims() const { return with({m, k}, batch); }
  std::vector<std::int64_t> right_dims() const {
    const std::vector<std::int64_t> matrix =
        transposed ? std::vector<std::int64_t>{n, k} : std::vector<std::int64_t>{k, n};
    return shared_right ? matrix : with(matrix, batch);
  }
  std::vector<std::int64_t> result_dims() const { return with({m, n}, batch); }

private:
  static std::vector<std::int64_t> with(std::vector<std::int64_t> matrix,
                                        std::vector<std::int64_t> batch) {
    batch.insert(batch.end(), matrix.begin(), matrix.end());
    return batch;
  }
};

class ProductTest : public KernelTest {
protected:
  static std::string tensor(const std::vector<std::int64_t>& dims, DType dtype) {
    return fmt::format("tensor<{}x{}>", fmt::join(dims, "x"), mlir_name(dtype));
  }

  static std::string multiply(RegionText& region, const Product& p, const std::string& x,
                              const std::string& y) {
    return region.op(
        fmt::format("ashlar.matmul {}, {} {{transpose_rhs = {}, dtype = {}}} : ({}, {}) -> {}", x,
                    y, p.transposed, mlir_name(p.result), tensor(p.left_dims(), p.left),
                    tensor(p.right_dims(), p.right), tensor(p.result_dims(), p.result)));
  }

  static std::string text(const Product& p) {
    RegionText region("matmul", p.schedule);
    const std::string x = region.input(tensor(p.left_dims(), p.left)),
                      y = region.input(tensor(p.right_dims(), p.right));
    region.output(multiply(region, p, x, y), tensor(p.result_dims(), p.result));
    return region.text();
  }

  static Tensors inputs(const Product& p) {
    const bool real = is_float(p.left);
    return {random(p.left, Shape(p.left_dims()), real ? -1 : -100, real ? 1 : 100),
            random(p.right, Shape(p.right_dims()), real ? -1 : -100, real ? 1 : 100, 2)};
  }

  // The operand `x` of one row, for every row of the result.
  static std::string broadcast(RegionText& region, const std::string& x, const Product& p) {
    return region.op(
        fmt::format("ashlar.broadcast {} {{shape = array<i64: {}>}} : (tensor<{}x{}>) -> {}", x,
                    fmt::join(p.result_dims(), ", "), p.n, mlir_name(p.result),
                    tensor(p.result_dims(), p.result)));
  }

  static void check(const Product& p, Tolerance tolerance = {1e-5, 5e-5}) {
    SCOPED_TRACE(fmt::format("{}x{}x{} {} {} {}", p.m, p.n, p.k, name_of(p.left), name_of(p.right),
                             p.transposed));
    compare(text(p), inputs(p), tolerance);
  }
};

}  // namespace ashlar
