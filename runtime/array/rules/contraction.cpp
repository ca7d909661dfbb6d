// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/contraction.h"

#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/array/rules/rules.h"
#include "runtime/array/table_functions.h"

namespace ashlar {
namespace {

Array transposed(const Array& matrix) {
  return swapaxes(matrix, -1, -2);
}

// [..., M, N] to [rows, N]: one matrix serves all leading axes.
Array as_rows(const Array& x) {
  return x.rank() == 2 ? x : flatten(x, 0, -2);
}

bool is_transposed(const Attributes& attributes) {
  return attributes.boolean("transpose_rhs");
}

Array lhs_cotangent(const Application& op, const Array& g) {
  return table::matmul(g, op.input(1), !is_transposed(op.attributes()), op.input(0).dtype());
}

Array rhs_cotangent(const Application& op, const Array& cotangent) {
  const Array& rhs = op.input(1);
  const bool shared = rhs.rank() == 2;
  const Array x = shared ? as_rows(op.input(0)) : op.input(0);
  const Array g = shared ? as_rows(cotangent) : cotangent;
  return is_transposed(op.attributes()) ? table::matmul(transposed(g), x, false, rhs.dtype())
                                        : table::matmul(transposed(x), g, false, rhs.dtype());
}

}  // namespace

Derivatives vjp_contraction(const Application& op, const Array& cotangent) {
  return {lhs_cotangent(op, cotangent), rhs_cotangent(op, cotangent)};
}

// lhs [B, ..., M, K] by rhs [B, ..., K, N]; an rhs that serves all rows of one lhs takes them as
// one matrix.
Array batch_contraction(const Batched& op) {
  const bool transposed_rhs = is_transposed(op.attributes());
  const DType dtype = op.attributes().dtype("dtype");
  const auto product = [&](const Array& lhs, const Array& rhs) {
    return table::matmul(lhs, rhs, transposed_rhs, dtype);
  };
  const Array lhs = op.batched_input(0);
  const bool serves_all = op.node.inputs()[1]->type().shape.rank() == 2;
  if (serves_all && !op.batched[1])
    return product(lhs, op.inputs[1]);
  const Array rhs = op.batched_input(1);
  if (!serves_all || lhs.rank() == 3)
    return product(lhs, rhs);
  std::vector<std::int64_t> dims = lhs.shape().dims();
  const Array result = product(flatten(lhs, 1, -2), rhs);
  dims.back() = result.dim(-1);
  return reshape(result, Shape(std::move(dims)));
}

}  // namespace ashlar
