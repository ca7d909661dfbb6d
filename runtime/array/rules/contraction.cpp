// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/contraction.h"

#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
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

// ---- expert_matmul

// The numbers as indices of matrices.
Array chosen_matrices(const Array& ids, std::int64_t matrices) {
  return clip(convert(ids, DType::i32), 0, matrices - 1);
}

// Each summed row gets the cotangent times its own matrix.
Array expert_lhs_cotangent(const Application& op, const Array& g) {
  const Array& ids = op.input(2);
  std::vector<std::int64_t> rows = ids.shape().dims();
  rows.insert(rows.end(), {1, g.dim(-1)});
  const Array repeated = broadcast_to(expand_dims(expand_dims(g, -2), -2), Shape(rows));
  return table::expert_matmul(repeated, op.input(1), expand_dims(ids, -1),
                              !is_transposed(op.attributes()), op.input(0).dtype());
}

// The products of the rows that chose a matrix; those of others are multiplied by 0.
Array expert_rhs_cotangent(const Application& op, const Array& cotangent) {
  const Array &lhs = op.input(0), &rhs = op.input(1), &ids = op.input(2);
  std::vector<std::int64_t> dims = ids.shape().dims();
  dims.push_back(cotangent.dim(-1));
  const Array g = as_rows(broadcast_to(expand_dims(cotangent, -2), Shape(dims)));
  const Array x = as_rows(lhs);
  const Array chosen = flatten(chosen_matrices(ids, rhs.dim(0)));
  const Array chose =
      convert(expand_dims(chosen, 0) == expand_dims(arange(rhs.dim(0)), 1), DType::f32);
  const auto product = [&](const Array& left, const Array& right) {
    const Array masked = expand_dims(transposed(left), 0) * expand_dims(chose, 1);
    return table::matmul(masked, convert(right, DType::f32), false, rhs.dtype());
  };
  return is_transposed(op.attributes()) ? product(g, x) : product(x, g);
}

// Leading axes of rows and numbers are free; matrices with a batch become more matrices.
Array batch_expert_matmul(const Batched& op) {
  const Array lhs = op.batched_input(0), ids = op.batched_input(2);
  if (!op.batched[1])
    return apply(OpKind::expert_matmul, {lhs, op.inputs[1], ids}, op.attributes());
  const Array rhs = op.batched_input(1);
  const std::int64_t matrices = rhs.dim(1);
  std::vector<std::int64_t> first(static_cast<std::size_t>(ids.rank()), 1);
  first[0] = op.size;
  const Array shifted =
      chosen_matrices(ids, matrices) + reshape(arange(op.size) * matrices, Shape(first));
  return apply(OpKind::expert_matmul, {lhs, flatten(rhs, 0, 1), shifted}, op.attributes());
}

}  // namespace

Derivatives vjp_contraction(const Application& op, const Array& cotangent) {
  if (op.kind() == OpKind::expert_matmul)
    return {expert_lhs_cotangent(op, cotangent), expert_rhs_cotangent(op, cotangent), std::nullopt};
  return {lhs_cotangent(op, cotangent), rhs_cotangent(op, cotangent)};
}

// lhs [B, ..., M, K] by rhs [B, ..., K, N]; an rhs that serves all rows of one lhs takes them as
// one matrix.
Array batch_contraction(const Batched& op) {
  if (op.node.is(OpKind::expert_matmul))
    return batch_expert_matmul(op);
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
