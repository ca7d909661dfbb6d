// SPDX-License-Identifier: Apache-2.0
// Matrix factorisations and their derivatives: Giles, "An extended collection of matrix derivative
// results for forward and reverse mode AD" (2008); QR as in Walter and Lehmann (2010); SVD as in
// Townsend, "Differentiating the Singular Value Decomposition" (2016).
#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/diagonals.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/linalg.h"
#include "runtime/array/linalg/matrix_call.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"
#include "runtime/array/sorting.h"
#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar::linalg {
namespace {

Array product(const Array& a, const Array& b, const Array& c) {
  return matmul(matmul(a, b), c);
}

Array symmetric(const Array& x) {
  return (x + transposed(x)) * 0.5;
}

Array columns(const Array& vector) {
  return expand_dims(vector, -2);
}

Array rows(const Array& vector) {
  return expand_dims(vector, -1);
}

// 1 / (v[j] - v[i]) off the diagonal, 0 on it.
Array inverse_differences(const Array& v) {
  const Array diagonal = identity(v.dim(-1)) > 0;
  return where(diagonal, 0, 1 / where(diagonal, 1, columns(v) - rows(v)));
}

Arrays cholesky_vjp(const Arrays& primals, const Arrays& cotangents) {
  const Array lower = cholesky(primals[0]);
  const Array phi =
      tril(matmul(transposed(lower), cotangents[0])) * (1 - identity(lower.dim(-1)) * 0.5);
  const Array left = solve_triangular(transposed(lower), phi, true);
  return {symmetric(transposed(solve_triangular(transposed(lower), transposed(left), true)))};
}

Arrays qr_vjp(const Arrays& primals, const Arrays& cotangents) {
  if (primals[0].dim(-2) < primals[0].dim(-1))
    throw Unsupported("linalg",
                      "qr: no derivative for {}: expected at least as many rows as columns",
                      primals[0].shape().to_string());
  const auto [q, r] = qr(primals[0]);
  const Array m = matmul(r, transposed(cotangents[1])) - matmul(transposed(cotangents[0]), q);
  const Array mirrored = tril(m) + transposed(tril(m, -1));
  const Array inner = cotangents[0] + matmul(q, mirrored);
  return {transposed(solve_triangular(r, transposed(inner), true))};
}

Arrays svd_vjp(const Arrays& primals, const Arrays& cotangents) {
  const Svd d = svd(primals[0]);
  const Array gu = cotangents[0], gs = cotangents[1], gv = transposed(cotangents[2]);
  const Array ut = transposed(d.u), v = transposed(d.vt);
  const Array f = inverse_differences(square(d.s)), s = columns(d.s);
  const auto antisymmetric = [](const Array& x) { return x - transposed(x); };
  const Array within = f * antisymmetric(matmul(ut, gu)) * s +
                       rows(d.s) * (f * antisymmetric(matmul(d.vt, gv))) +
                       rows(gs) * identity(d.s.dim(-1));
  Array result = product(d.u, within, d.vt);
  result = result + matmul(gu / s - matmul(d.u, matmul(ut, gu / s)), d.vt);
  return {result + matmul(d.u, transposed(gv / s - matmul(v, matmul(d.vt, gv / s))))};
}

Arrays eigh_vjp(const Arrays& primals, const Arrays& cotangents) {
  const auto [values, vectors] = eigh(primals[0]);
  const Array t = transposed(vectors);
  const Array within = rows(cotangents[0]) * identity(values.dim(-1)) +
                       inverse_differences(values) * matmul(t, cotangents[1]);
  return {symmetric(product(vectors, within, t))};
}

}  // namespace

Array cholesky(const Operand& input, bool upper) {
  const WrittenAt at(input.where());
  const Array x = square_operand("cholesky", input);
  const Array lower =
      call_matrices("cholesky", factor_cholesky, {{{x.dim(-1), x.dim(-1)}}}, {x}, cholesky_vjp)[0];
  return upper ? transposed(lower) : lower;
}

Array cholesky_inv(const Operand& factor, bool upper) {
  const WrittenAt at(factor.where());
  const Array inverse = tri_inv(factor, upper);
  return upper ? matmul(inverse, transposed(inverse)) : matmul(transposed(inverse), inverse);
}

std::pair<Array, Array> qr(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = matrix_operand("qr", input);
  const std::int64_t m = x.dim(-2), n = x.dim(-1), k = std::min(m, n);
  const Arrays results = call_matrices("qr", factor_qr, {{{m, k}}, {{k, n}}}, {x}, qr_vjp);
  return {results[0], results[1]};
}

Svd svd(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = matrix_operand("svd", input);
  const std::int64_t m = x.dim(-2), n = x.dim(-1), k = std::min(m, n);
  const Arrays results =
      call_matrices("svd", decompose_singular, {{{m, k}}, {{k}}, {{k, n}}}, {x}, svd_vjp);
  return {results[0], results[1], results[2]};
}

std::pair<Array, Array> eigh(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = square_operand("eigh", input);
  const std::int64_t n = x.dim(-1);
  const Arrays results =
      call_matrices("eigh", decompose_symmetric, {{{n}}, {{n, n}}}, {x}, eigh_vjp);
  return {results[0], results[1]};
}

Array eigvalsh(const Operand& input) {
  const WrittenAt at(input.where());
  return eigh(input).first;
}

std::pair<ComplexArray, ComplexArray> eig(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = square_operand("eig", input);
  const std::int64_t n = x.dim(-1);
  const Arrays parts =
      call_matrices("eig", decompose_general, {{{n}}, {{n}}, {{n, n}}, {{n, n}}}, {x});
  return {ComplexArray(parts[0], parts[1]), ComplexArray(parts[2], parts[3])};
}

ComplexArray eigvals(const Operand& input) {
  const WrittenAt at(input.where());
  return eig(input).first;
}

std::pair<Array, Array> lu_factor(const Operand& input) {
  const WrittenAt at(input.where());
  const Array x = square_operand("lu", input);
  const std::int64_t n = x.dim(-1);
  const Arrays results = call_matrices("lu", factor_lu, {{{n, n}}, {{n}, DType::i32}}, {x});
  return {results[0], results[1]};
}

Lu lu(const Operand& input) {
  const WrittenAt at(input.where());
  const auto [both, pivots] = lu_factor(input);
  const std::int64_t n = both.dim(-1);
  // Column i of the permutation has its one in row pivots[i].
  const Array permutation = astype(equal(rows(arange(n)), columns(pivots)), DType::f32);
  return {permutation, tril(both, -1) + identity(n), triu(both)};
}

}  // namespace ashlar::linalg
