// SPDX-License-Identifier: Apache-2.0
// Complex numbers: a pair of real arrays of one f32 shape. Every function below is made of real
// ones, so complex code is fused, differentiated (with respect to both parts) and batched like any
// other. See docs/decisions/2026-11-26-complex-pairs.md.
#pragma once

#include "runtime/array/array.h"

#include <complex>
#include <functional>

namespace ashlar {

class ComplexArray {
public:
  // Parts are taken in f32 and broadcast.
  explicit ComplexArray(const Operand& real, const Operand& imaginary = 0.0);

  const Array& real() const { return real_; }
  const Array& imag() const { return imag_; }
  const Shape& shape() const { return real_.shape(); }

  // `function` on both parts: reshape, transpose, take and other movement.
  ComplexArray map(const std::function<Array(const Array&)>& function) const;

  // Evaluates and copies to the host, row-major.
  std::vector<std::complex<float>> to_vector() const;

private:
  Array real_, imag_;
};

ComplexArray complex_array(std::span<const std::complex<float>> values, const Shape& shape,
                           std::source_location where = std::source_location::current());
// magnitude * (cos(angle) + i sin(angle)).
ComplexArray polar(const Operand& magnitude, const Operand& angle);

ComplexArray operator+(const ComplexArray& lhs, const ComplexArray& rhs);
ComplexArray operator-(const ComplexArray& lhs, const ComplexArray& rhs);
ComplexArray operator*(const ComplexArray& lhs, const ComplexArray& rhs);
ComplexArray operator/(const ComplexArray& lhs, const ComplexArray& rhs);
ComplexArray operator*(const ComplexArray& lhs, const Operand& real);
ComplexArray operator-(const ComplexArray& input);
Array operator==(const ComplexArray& lhs, const ComplexArray& rhs);

ComplexArray conj(const ComplexArray& input);
// Without overflow on the way.
Array abs(const ComplexArray& input);
Array angle(const ComplexArray& input);  // radians, in (-pi, pi]
Array abs_squared(const ComplexArray& input);
ComplexArray exp(const ComplexArray& input);
ComplexArray log(const ComplexArray& input);   // principal branch
ComplexArray sqrt(const ComplexArray& input);  // principal branch
ComplexArray matmul(const ComplexArray& lhs, const ComplexArray& rhs);

}  // namespace ashlar
