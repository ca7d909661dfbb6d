// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/linalg/matrix_call.h"

#include "runtime/array/host_call.h"
#include "runtime/array/movement.h"
#include "runtime/array/promotion.h"
#include "runtime/program/error.h"

#include <cstring>

namespace ashlar::linalg {
namespace {

using Bytes = CustomRules::Bytes;
using Dims = std::vector<std::int64_t>;

HostMatrix matrix_at(const Bytes& bytes, const Shape& shape, std::int64_t problem) {
  HostMatrix matrix{shape.dim(-2), shape.dim(-1), {}};
  const std::int64_t count = matrix.rows * matrix.columns;
  for (std::int64_t i = problem * count; i < (problem + 1) * count; ++i) {
    float value;
    std::memcpy(&value, bytes.data() + i * static_cast<std::int64_t>(sizeof value), sizeof value);
    matrix.values.push_back(value);
  }
  return matrix;
}

template <typename T> void append(Bytes& bytes, double value) {
  const T element = static_cast<T>(value);
  const auto* from = reinterpret_cast<const std::byte*>(&element);
  bytes.insert(bytes.end(), from, from + sizeof element);
}

void append(Bytes& bytes, const HostMatrix& matrix, DType dtype) {
  for (double value : matrix.values)
    dtype == DType::i32 ? append<std::int32_t>(bytes, value) : append<float>(bytes, value);
}

CustomRules::Host host_rule(MatrixFunction function, std::vector<Shape> shapes,
                            std::vector<MatrixResult> results, std::int64_t problems) {
  return [=](const std::vector<Bytes>& arguments) {
    std::vector<Bytes> contents(results.size());
    for (std::int64_t problem = 0; problem < problems; ++problem) {
      HostMatrices matrices;
      for (std::size_t i = 0; i < arguments.size(); ++i)
        matrices.push_back(matrix_at(arguments[i], shapes[i], problem));
      const HostMatrices found = function(matrices);
      for (std::size_t i = 0; i < results.size(); ++i)
        append(contents[i], found[i], results[i].dtype);
    }
    return contents;
  };
}

Array with_batch(const Array& x, bool batched, std::int64_t size) {
  if (batched)
    return x;
  Dims dims = x.shape().dims();
  dims.insert(dims.begin(), size);
  return broadcast(expand_dims(x, 0), Shape(std::move(dims)));
}

}  // namespace

Arrays call_matrices(const char* name, MatrixFunction function,
                     const std::vector<MatrixResult>& results, const Arrays& arguments,
                     MatrixVjp vjp) {
  const Dims& first = arguments[0].shape().dims();
  const Dims leading(first.begin(), first.end() - 2);
  std::vector<Shape> shapes;
  for (const Array& argument : arguments) {
    shapes.push_back(argument.shape());
    const Dims& dims = argument.shape().dims();
    if (Dims(dims.begin(), dims.end() - 2) != leading)
      throw InvalidArgument("linalg", "{}: leading axes of {} and {} disagree", name,
                            shapes[0].to_string(), argument.shape().to_string());
  }
  std::vector<ArrayType> types;
  for (const MatrixResult& result : results) {
    Dims dims = leading;
    dims.insert(dims.end(), result.dims.begin(), result.dims.end());
    types.push_back({result.dtype, Shape(std::move(dims))});
  }
  CustomRules rules;
  rules.host = host_rule(function, shapes, results, Shape(leading).element_count());
  rules.vjp = [=](const Arrays& primals, const Arrays& cotangents, const Arrays&) {
    if (!vjp)
      throw Unsupported("linalg", "{} has no derivative", name);
    return vjp(primals, cotangents);
  };
  rules.vmap = [=](const Arrays& rows, const std::vector<bool>& batched) {
    Arrays all;
    std::int64_t size = 0;
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (batched[i])
        size = rows[i].dim(0);
    for (std::size_t i = 0; i < rows.size(); ++i)
      all.push_back(with_batch(rows[i], batched[i], size));
    return call_matrices(name, function, results, all, vjp);
  };
  return host_call(std::move(rules), types, arguments);
}

Array matrix_operand(const char* name, const Operand& input) {
  const Array x = input.array();
  if (x.rank() < 2)
    throw InvalidArgument("linalg", "{}: expected matrices, got {}", name, x.shape().to_string());
  return convert(x, DType::f32);
}

Array square_operand(const char* name, const Operand& input) {
  const Array x = matrix_operand(name, input);
  if (x.dim(-1) != x.dim(-2))
    throw InvalidArgument("linalg", "{}: expected square matrices, got {}", name,
                          x.shape().to_string());
  return x;
}

Array transposed(const Array& matrix) {
  return swapaxes(matrix, -1, -2);
}

}  // namespace ashlar::linalg
