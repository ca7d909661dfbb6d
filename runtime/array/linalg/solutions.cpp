// SPDX-License-Identifier: Apache-2.0
// Inverses, solutions and determinants.
#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/diagonals.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/linalg.h"
#include "runtime/array/linalg/matrix_call.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/program/error.h"

namespace ashlar::linalg {
namespace {

std::vector<std::int64_t> matrix_dims(const Array& x) {
  return {x.dim(-2), x.dim(-1)};
}

// a and b with leading axes of one shape; b a matrix.
std::pair<Array, Array> problem(const char* name, const Operand& a, const Operand& b) {
  const Array left = square_operand(name, a);
  const Array right = convert(b.array(), DType::f32);
  const Array columns = right.rank() < left.rank() ? expand_dims(right, -1) : right;
  if (columns.rank() != left.rank() || columns.dim(-2) != left.dim(-1))
    throw InvalidArgument("linalg", "{}: {} does not fit {}", name, right.shape().to_string(),
                          left.shape().to_string());
  return {left, columns};
}

// Whether the solution is a vector for each problem.
bool is_vector(const Operand& a, const Operand& b) {
  return b.array().rank() < a.array().rank();
}

Array solved(const char* name, MatrixFunction function, const Array& a, const Array& b,
             const MatrixVjp& vjp) {
  return call_matrices(name, function, {{matrix_dims(b)}}, {a, b}, vjp)[0];
}

Array solve_matrices(const Array& a, const Array& b) {
  const auto vjp = [](const Arrays& x, const Arrays& cotangents) {
    const Array right = solve_matrices(transposed(x[0]), cotangents[0]);
    return Arrays{-matmul(right, transposed(solve_matrices(x[0], x[1]))), right};
  };
  return solved("solve", solve_general, a, b, vjp);
}

Array solve_triangles(const Array& a, const Array& b, bool upper) {
  const auto vjp = [upper](const Arrays& x, const Arrays& cotangents) {
    const Array right = solve_triangles(transposed(x[0]), cotangents[0], !upper);
    const Array left = -matmul(right, transposed(solve_triangles(x[0], x[1], upper)));
    return Arrays{upper ? triu(left) : tril(left), right};
  };
  return solved("solve_triangular", upper ? solve_upper : solve_lower, a, b, vjp);
}

Array with_two_axes(const Array& scalar) {
  return expand_dims(expand_dims(scalar, -1), -1);
}

}  // namespace

Array inv(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = square_operand("inv", input);
  const auto vjp = [](const Arrays& primals, const Arrays& cotangents) {
    const Array inverse = transposed(inv(primals[0]));
    return Arrays{-matmul(matmul(inverse, cotangents[0]), inverse)};
  };
  return call_matrices("inv", invert, {{matrix_dims(x)}}, {x}, vjp)[0];
}

Array pinv(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = matrix_operand("pinv", input);
  // Golub and Pereyra, "The Differentiation of Pseudo-Inverses" (1973), transposed.
  const auto vjp = [](const Arrays& primals, const Arrays& cotangents) {
    const Array a = primals[0], g = cotangents[0], p = pinv(a), pt = transposed(p);
    const Array outside = identity(a.dim(-2)) - matmul(a, p);
    const Array beside = identity(a.dim(-1)) - matmul(p, a);
    const Array gt = transposed(g);
    return Arrays{matmul(matmul(outside, gt), matmul(p, pt)) - matmul(matmul(pt, g), pt) +
                  matmul(matmul(matmul(pt, p), gt), beside)};
  };
  return call_matrices("pinv", pseudo_invert, {{{x.dim(-1), x.dim(-2)}}}, {x}, vjp)[0];
}

Array tri_inv(const Operand& input, bool upper) {
  const WrittenAt at(input.where());
  const Array x = square_operand("tri_inv", input);
  return solve_triangles(x, broadcast(identity(x.dim(-1)), x.shape()), upper);
}

Array solve(const Operand& a, const Operand& b) {
  const WrittenAt at(a.where());
  const auto [left, right] = problem("solve", a, b);
  const Array x = solve_matrices(left, right);
  return is_vector(a, b) ? squeeze(x, -1) : x;
}

Array solve_triangular(const Operand& a, const Operand& b, bool upper) {
  const WrittenAt at(a.where());
  const auto [left, right] = problem("solve_triangular", a, b);
  const Array x = solve_triangles(left, right, upper);
  return is_vector(a, b) ? squeeze(x, -1) : x;
}

std::pair<Array, Array> slogdet(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = square_operand("slogdet", input);
  const auto vjp = [](const Arrays& primals, const Arrays& cotangents) {
    return Arrays{with_two_axes(cotangents[1]) * transposed(inv(primals[0]))};
  };
  const Arrays results = call_matrices("slogdet", determinant, {{{}}, {{}}}, {x}, vjp);
  return {results[0], results[1]};
}

Array det(const Operand& input) {
  const WrittenAt at(input.where());
  const auto [sign, log] = slogdet(input);
  return sign * exp(log);
}

}  // namespace ashlar::linalg
