// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/contraction.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/table_functions.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

Shape batch_of(const Array& matrix) {
  const auto& dims = matrix.shape().dims();
  return Shape(std::vector<std::int64_t>(dims.begin(), dims.end() - 2));
}

Array with_batch(const Array& matrix, const Shape& batch) {
  std::vector<std::int64_t> dims = batch.dims();
  dims.push_back(matrix.dim(-2));
  dims.push_back(matrix.dim(-1));
  return broadcast(matrix, Shape(std::move(dims)));
}

Array multiply_matrices(const Array& lhs, const Array& rhs, DType dtype) {
  if (rhs.rank() == 2)
    return table::matmul(lhs, rhs, false, dtype);
  const Shape batch = broadcast_shapes(batch_of(lhs), batch_of(rhs));
  return table::matmul(with_batch(lhs, batch), with_batch(rhs, batch), false, dtype);
}

}  // namespace

Array matmul(const Operand& lhs, const Operand& rhs) {
  const WrittenAt at(lhs.where());
  const Array a = lhs.array(), b = rhs.array();
  if (a.rank() == 0 || b.rank() == 0)
    throw InvalidArgument("matmul", "needs vectors or matrices, got {} and {}",
                          a.shape().to_string(), b.shape().to_string());
  const DType dtype = accepted_dtype(OpKind::matmul, promote(a.dtype(), b.dtype()));
  const Array left = convert(a.rank() == 1 ? expand_dims(a, 0) : a, dtype);
  const Array right = convert(b.rank() == 1 ? expand_dims(b, 1) : b, dtype);
  Array result = multiply_matrices(left, right, dtype);
  if (b.rank() == 1)
    result = squeeze(result, -1);
  if (a.rank() == 1)
    result = squeeze(result, b.rank() == 1 ? -1 : -2);
  return result;
}

Array linear(const Operand& x, const Array& weight) {
  const WrittenAt at(x.where());
  const Array input = x.array();
  if (input.rank() == 1)
    return squeeze(linear(expand_dims(input, 0), weight), 0);
  // The weight stays in its storage type: products and sums are f32 whatever it is.
  return table::matmul(input, weight, true, input.dtype());
}

Array linear(const Operand& x, const Array& weight, const Array& bias) {
  const WrittenAt at(x.where());
  return linear(x, weight) + convert(bias, x.array().dtype());
}

Array expert_matmul(const Operand& x, const Array& matrices, const Operand& ids) {
  const WrittenAt at(x.where());
  const Array input = x.array();
  return table::expert_matmul(input, matrices, ids.array(), false, input.dtype());
}

Array expert_linear(const Operand& x, const Array& weights, const Operand& ids) {
  const WrittenAt at(x.where());
  const Array input = x.array();
  return table::expert_matmul(input, weights, ids.array(), true, input.dtype());
}

Array attention(const Operand& query, const Operand& key, const Operand& value,
                const Operand& position, const Operand& length, const AttentionOptions& options,
                const std::optional<Array>& sinks) {
  const WrittenAt at(query.where());
  return table::attention(query.array(), key.array(), value.array(), position.array(),
                          length.array(), sinks, options.scale, options.causal, options.window,
                          options.softcap, options.ring);
}

}  // namespace ashlar
