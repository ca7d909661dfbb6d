// SPDX-License-Identifier: Apache-2.0
// Dense matrices on the host, in double.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ashlar::linalg {

// Row-major.
struct HostMatrix {
  std::int64_t rows, columns;
  std::vector<double> values;
};

using HostMatrices = std::vector<HostMatrix>;

// Each takes the matrices of one problem and gives its results. Vectors are matrices of one column.
// Throws InvalidArgument where there is no result (singular, not positive definite).
using MatrixFunction = HostMatrices (*)(std::span<const HostMatrix> arguments);

HostMatrices invert(std::span<const HostMatrix> arguments);
HostMatrices pseudo_invert(std::span<const HostMatrix> arguments);
HostMatrices factor_cholesky(std::span<const HostMatrix> arguments);      // lower triangle
HostMatrices factor_qr(std::span<const HostMatrix> arguments);            // Q [m, k], R [k, n]
HostMatrices factor_lu(std::span<const HostMatrix> arguments);            // LU [n, n], pivots [n]
HostMatrices decompose_singular(std::span<const HostMatrix> arguments);   // U, S, transposed V
HostMatrices decompose_symmetric(std::span<const HostMatrix> arguments);  // values, vectors
// Real and imaginary parts of the eigenvalues, then of the eigenvectors.
HostMatrices decompose_general(std::span<const HostMatrix> arguments);
HostMatrices solve_general(std::span<const HostMatrix> arguments);
HostMatrices solve_lower(std::span<const HostMatrix> arguments);
HostMatrices solve_upper(std::span<const HostMatrix> arguments);
HostMatrices determinant(std::span<const HostMatrix> arguments);  // sign, log of the magnitude

}  // namespace ashlar::linalg
