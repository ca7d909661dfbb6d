// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/fourier/transform.h"

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"

#include <cmath>
#include <numbers>

namespace ashlar::fft {
namespace {

// Transforms up to this length are one product with a matrix.
constexpr std::int64_t kLargestMatrix = 64;

// exp(-i pi numerators[j] / denominator), from exact angles.
ComplexArray roots(const std::vector<std::int64_t>& numerators, std::int64_t denominator,
                   const Shape& shape) {
  std::vector<std::complex<float>> values;
  for (std::int64_t numerator : numerators) {
    const double turn =
        static_cast<double>(numerator % (2 * denominator)) / static_cast<double>(denominator);
    const std::complex<double> root = std::polar(1.0, -std::numbers::pi * turn);
    values.emplace_back(static_cast<float>(root.real()), static_cast<float>(root.imag()));
  }
  return complex_array(values, shape);
}

// w^(j k) for w = exp(-2 pi i / n), j < rows and k < columns.
ComplexArray powers(std::int64_t rows, std::int64_t columns, std::int64_t n) {
  std::vector<std::int64_t> numerators;
  for (std::int64_t j = 0; j < rows; ++j)
    for (std::int64_t k = 0; k < columns; ++k)
      numerators.push_back(2 * (j * k % n));
  return roots(numerators, n, {rows, columns});
}

// One real product: [re, im] by [[c, s], [-s, c]].
ComplexArray by_matrix(const ComplexArray& x) {
  const std::int64_t n = x.shape().dim(-1);
  const ComplexArray w = powers(n, n, n);
  const Array matrix =
      concatenate({concatenate({w.real(), w.imag()}, 1), concatenate({-w.imag(), w.real()}, 1)}, 0);
  const Array parts = matmul(concatenate({x.real(), x.imag()}, -1), matrix);
  return ComplexArray(parts(kEllipsis, Slice(0, n)), parts(kEllipsis, Slice(n, 2 * n)));
}

std::int64_t largest_factor(std::int64_t n) {
  std::int64_t factor = kLargestMatrix;
  while (n % factor != 0)
    --factor;
  return factor;
}

// n = p q: transforms of length p, twiddle factors, transforms of length q (Cooley and Tukey 1965).
ComplexArray by_factors(const ComplexArray& x, std::int64_t p) {
  const std::int64_t n = x.shape().dim(-1), q = n / p;
  const auto grid = [&](const Array& a) { return swapaxes(unflatten(a, -1, {p, q}), -1, -2); };
  const ComplexArray inner = transform(x.map(grid)) * powers(q, p, n);  // [q, p]
  const ComplexArray outer =
      transform(inner.map([](const Array& a) { return swapaxes(a, -1, -2); }));  // [p, q]
  return outer.map([](const Array& a) { return flatten(swapaxes(a, -1, -2), -2, -1); });
}

ComplexArray padded(const ComplexArray& x, std::int64_t length) {
  return x.map([&](const Array& a) {
    std::vector<std::int64_t> low(static_cast<std::size_t>(a.rank()), 0), high = low;
    high.back() = length - a.dim(-1);
    return pad(a, low, high);
  });
}

// A convolution with a chirp, of a length that is a power of two (Bluestein 1970).
ComplexArray by_chirp(const ComplexArray& x) {
  const std::int64_t n = x.shape().dim(-1);
  std::int64_t length = 1;
  while (length < 2 * n - 1)
    length *= 2;
  std::vector<std::int64_t> squares;
  for (std::int64_t j = 0; j < n; ++j)
    squares.push_back(j * j % (2 * n));
  const ComplexArray chirp = roots(squares, n, {n});
  const ComplexArray filter = conj(chirp).map([&](const Array& a) {
    std::vector<Array> parts = {a, zeros({length - 2 * n + 1}), flip(a(Slice(1, n)), 0)};
    return concatenate(parts, 0);
  });
  const ComplexArray product = transform(padded(x * chirp, length)) * transform(filter);
  // The inverse transform is the forward one between conjugations.
  const ComplexArray back = conj(transform(conj(product))) * (1.0 / static_cast<double>(length));
  return back.map([&](const Array& a) { return a(kEllipsis, Slice(0, n)); }) * chirp;
}

}  // namespace

ComplexArray transform(const ComplexArray& input) {
  const std::int64_t n = input.shape().dim(-1);
  if (n <= 1)
    return input;
  if (n <= kLargestMatrix)
    return by_matrix(input);
  const std::int64_t factor = largest_factor(n);
  return factor > 1 ? by_factors(input, factor) : by_chirp(input);
}

}  // namespace ashlar::fft
