// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/linalg/host_matrices.h"

#include "runtime/program/error.h"

#include <Eigen/Dense>

#include <cmath>
#include <limits>

namespace ashlar::linalg {
namespace {

using Eigen::MatrixXd;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Arguments = std::span<const HostMatrix>;

MatrixXd matrix_of(const HostMatrix& m) {
  return Eigen::Map<const RowMajor>(m.values.data(), m.rows, m.columns);
}

template <typename Derived> HostMatrix host(const Eigen::MatrixBase<Derived>& m) {
  HostMatrix result{m.rows(), m.cols(),
                    std::vector<double>(static_cast<std::size_t>(m.rows() * m.cols()))};
  Eigen::Map<RowMajor>(result.values.data(), m.rows(), m.cols()) = m;
  return result;
}

[[noreturn]] void refuse_singular(const char* function) {
  throw InvalidArgument("linalg", "{}: the matrix is singular", function);
}

// A zero pivot of the partially pivoted LU means that the matrix is singular.
Eigen::PartialPivLU<MatrixXd> regular_lu(const HostMatrix& m, const char* function) {
  Eigen::PartialPivLU<MatrixXd> lu(matrix_of(m));
  if ((lu.matrixLU().diagonal().array() == 0).any())
    refuse_singular(function);
  return lu;
}

template <int Triangle> HostMatrices solve_triangle(Arguments arguments) {
  const MatrixXd a = matrix_of(arguments[0]), b = matrix_of(arguments[1]);
  if ((a.diagonal().array() == 0).any())
    refuse_singular("solve_triangular");
  const MatrixXd x = a.triangularView<Triangle>().solve(b);
  return {host(x)};
}

}  // namespace

HostMatrices invert(Arguments arguments) {
  return {host(regular_lu(arguments[0], "inv").inverse())};
}

HostMatrices pseudo_invert(Arguments arguments) {
  // Singular values below this share of the largest count as 0: f32 data holds no more.
  constexpr double kCutoff = 1e-6;
  const Eigen::JacobiSVD<MatrixXd> svd(matrix_of(arguments[0]),
                                       Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::VectorXd s = svd.singularValues();
  const double least = s.size() == 0 ? 0 : kCutoff * s(0);
  const Eigen::VectorXd inverse = (s.array() > least).select(s.array().inverse(), 0);
  return {host(svd.matrixV() * inverse.asDiagonal() * svd.matrixU().transpose())};
}

HostMatrices factor_cholesky(Arguments arguments) {
  const Eigen::LLT<MatrixXd> llt(matrix_of(arguments[0]));
  if (llt.info() != Eigen::Success)
    throw InvalidArgument("linalg", "cholesky: the matrix is not positive definite");
  const MatrixXd lower = llt.matrixL();
  return {host(lower)};
}

HostMatrices factor_qr(Arguments arguments) {
  const MatrixXd a = matrix_of(arguments[0]);
  const Eigen::Index k = std::min(a.rows(), a.cols());
  const Eigen::HouseholderQR<MatrixXd> qr(a);
  const MatrixXd q = qr.householderQ() * MatrixXd::Identity(a.rows(), k);
  const MatrixXd r = qr.matrixQR().topRows(k).triangularView<Eigen::Upper>();
  return {host(q), host(r)};
}

HostMatrices factor_lu(Arguments arguments) {
  const Eigen::PartialPivLU<MatrixXd> lu(matrix_of(arguments[0]));
  // Row i of the product L U is row pivots[i] of the matrix.
  const Eigen::PermutationMatrix<Eigen::Dynamic> order(lu.permutationP().inverse());
  return {host(lu.matrixLU()), host(order.indices().cast<double>())};
}

HostMatrices decompose_singular(Arguments arguments) {
  const Eigen::JacobiSVD<MatrixXd> svd(matrix_of(arguments[0]),
                                       Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {host(svd.matrixU()), host(svd.singularValues()), host(svd.matrixV().transpose())};
}

HostMatrices decompose_symmetric(Arguments arguments) {
  const Eigen::SelfAdjointEigenSolver<MatrixXd> solver(matrix_of(arguments[0]));
  return {host(solver.eigenvalues()), host(solver.eigenvectors())};
}

HostMatrices decompose_general(Arguments arguments) {
  const Eigen::EigenSolver<MatrixXd> solver(matrix_of(arguments[0]));
  const Eigen::VectorXcd values = solver.eigenvalues();
  const Eigen::MatrixXcd vectors = solver.eigenvectors();
  return {host(values.real()), host(values.imag()), host(vectors.real()), host(vectors.imag())};
}

HostMatrices solve_general(Arguments arguments) {
  return {host(regular_lu(arguments[0], "solve").solve(matrix_of(arguments[1])))};
}

HostMatrices solve_lower(Arguments arguments) {
  return solve_triangle<Eigen::Lower>(arguments);
}

HostMatrices solve_upper(Arguments arguments) {
  return solve_triangle<Eigen::Upper>(arguments);
}

HostMatrices determinant(Arguments arguments) {
  const Eigen::PartialPivLU<MatrixXd> lu(matrix_of(arguments[0]));
  double sign = lu.permutationP().determinant(), log = 0;
  for (double pivot : lu.matrixLU().diagonal()) {
    sign *= pivot == 0 ? 0 : std::copysign(1.0, pivot);
    log += std::log(std::abs(pivot));
  }
  return {{1, 1, {sign}}, {1, 1, {log}}};
}

}  // namespace ashlar::linalg
