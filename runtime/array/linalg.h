// SPDX-License-Identifier: Apache-2.0
// Linear algebra on the last two axes of arrays of any rank, in f32. Factorisations, solutions and
// what needs them run on the host in double: they are lazy, but evaluating one waits for the
// device, and they cannot be part of a compiled closure. Norms, cross products and powers are
// ordinary graphs. Derivatives are those of matrices without repeated singular or eigenvalues.
#pragma once

#include "runtime/array/complex.h"
#include "runtime/array/reductions.h"

#include <optional>
#include <utility>

namespace ashlar::linalg {

// The 2-norm of all elements, or along axes (Frobenius for two).
Array norm(const Operand& input, const Axes& axes = {}, bool keepdims = false);
// Along one axis: (sum |x|^order)^(1/order); the count of nonzeros for 0, the largest or smallest
// magnitude for +-infinity.
Array vector_norm(const Operand& input, double order, int axis = -1, bool keepdims = false);
// Of the last two axes: order 1 and -1 (column sums), +-infinity (row sums), 2 and -2 (largest and
// smallest singular value).
Array matrix_norm(const Operand& input, double order);
Array nuclear_norm(const Operand& input);  // the sum of the singular values

// Of vectors of 2 or 3 elements along `axis`; other axes broadcast.
Array cross(const Operand& lhs, const Operand& rhs, int axis = -1);
// Negative powers invert.
Array matrix_power(const Operand& input, int power);

// Throw InvalidArgument, when evaluated, for singular matrices.
Array inv(const Operand& input);
Array tri_inv(const Operand& input, bool upper = false);
// a x = b for matrices b, or for vectors where b has one axis less than a.
Array solve(const Operand& a, const Operand& b);
Array solve_triangular(const Operand& a, const Operand& b, bool upper = false);
// Singular values below 1e-6 of the largest count as 0.
Array pinv(const Operand& input);

Array det(const Operand& input);
// Sign and the logarithm of the magnitude.
std::pair<Array, Array> slogdet(const Operand& input);

// A = L L^T (or U^T U) from the lower triangle of A. Throws InvalidArgument, when evaluated, unless
// A is positive definite.
Array cholesky(const Operand& input, bool upper = false);
// The inverse of A from its factor.
Array cholesky_inv(const Operand& factor, bool upper = false);

// A [m, n] = Q [m, k] R [k, n], k = min(m, n).
std::pair<Array, Array> qr(const Operand& input);

struct Svd {
  Array u, s, vt;  // [m, k], [k] in descending order, [k, n]
};
Svd svd(const Operand& input);

// Of symmetric matrices, from the lower triangle: values in ascending order, vectors as columns.
std::pair<Array, Array> eigh(const Operand& input);
Array eigvalsh(const Operand& input);
// Of any square matrix, without derivative.
std::pair<ComplexArray, ComplexArray> eig(const Operand& input);
ComplexArray eigvals(const Operand& input);

// L and U in one matrix, and row numbers (i32): row i of L U is row pivots[i] of A. Without
// derivative.
std::pair<Array, Array> lu_factor(const Operand& input);
struct Lu {
  Array permutation, lower, upper;  // A = permutation lower upper
};
Lu lu(const Operand& input);

}  // namespace ashlar::linalg
