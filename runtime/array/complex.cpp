// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/complex.h"

#include "runtime/array/contraction.h"
#include "runtime/array/creation.h"
#include "runtime/array/elementwise.h"
#include "runtime/array/eval.h"
#include "runtime/array/origin.h"
#include "runtime/array/promotion.h"

namespace ashlar {

ComplexArray::ComplexArray(const Operand& real, const Operand& imaginary)
    : real_(convert(real.array(), DType::f32)), imag_(convert(imaginary.array(), DType::f32)) {
  const Shape shape = broadcast_shapes(real_.shape(), imag_.shape());
  real_ = broadcast(real_, shape);
  imag_ = broadcast(imag_, shape);
}

ComplexArray ComplexArray::map(const std::function<Array(const Array&)>& function) const {
  return ComplexArray(function(real_), function(imag_));
}

std::vector<std::complex<float>> ComplexArray::to_vector() const {
  eval({real_, imag_});
  const auto re = real_.to_vector<float>(), im = imag_.to_vector<float>();
  std::vector<std::complex<float>> values;
  for (std::size_t i = 0; i < re.size(); ++i)
    values.emplace_back(re[i], im[i]);
  return values;
}

ComplexArray complex_array(std::span<const std::complex<float>> values, const Shape& shape,
                           std::source_location where) {
  std::vector<float> re, im;
  for (const std::complex<float>& value : values) {
    re.push_back(value.real());
    im.push_back(value.imag());
  }
  return ComplexArray(array(std::span<const float>(re), shape, where),
                      array(std::span<const float>(im), shape, where));
}

ComplexArray polar(const Operand& magnitude, const Operand& angle) {
  const WrittenAt at(magnitude.where());
  return ComplexArray(magnitude * cos(angle), magnitude * sin(angle));
}

ComplexArray operator+(const ComplexArray& lhs, const ComplexArray& rhs) {
  return ComplexArray(lhs.real() + rhs.real(), lhs.imag() + rhs.imag());
}

ComplexArray operator-(const ComplexArray& lhs, const ComplexArray& rhs) {
  return ComplexArray(lhs.real() - rhs.real(), lhs.imag() - rhs.imag());
}

ComplexArray operator*(const ComplexArray& lhs, const ComplexArray& rhs) {
  return ComplexArray(lhs.real() * rhs.real() - lhs.imag() * rhs.imag(),
                      lhs.real() * rhs.imag() + lhs.imag() * rhs.real());
}

// Smith, "Algorithm 116: Complex division" (1962): the larger part of the divisor divides.
ComplexArray operator/(const ComplexArray& lhs, const ComplexArray& rhs) {
  const Array c = rhs.real(), d = rhs.imag();
  const Array by_real = abs(c) >= abs(d);
  const Array larger = where(by_real, c, d), smaller = where(by_real, d, c);
  const Array ratio = smaller / larger, scale = larger + smaller * ratio;
  const Array a = lhs.real(), b = lhs.imag();
  return ComplexArray(where(by_real, a + b * ratio, a * ratio + b) / scale,
                      where(by_real, b - a * ratio, b * ratio - a) / scale);
}

ComplexArray operator*(const ComplexArray& lhs, const Operand& real) {
  return ComplexArray(lhs.real() * real, lhs.imag() * real);
}

ComplexArray operator-(const ComplexArray& input) {
  return ComplexArray(-input.real(), -input.imag());
}

Array operator==(const ComplexArray& lhs, const ComplexArray& rhs) {
  return equal(lhs.real(), rhs.real()) & equal(lhs.imag(), rhs.imag());
}

ComplexArray conj(const ComplexArray& input) {
  return ComplexArray(input.real(), -input.imag());
}

Array abs(const ComplexArray& input) {
  const Array x = abs(input.real()), y = abs(input.imag());
  const Array larger = maximum(x, y), smaller = minimum(x, y);
  const Array scale = where(larger > 0, larger, 1);
  const Array ratio = smaller / scale;
  const Array finite = larger * sqrt(ratio * ratio + 1);
  return where(is_inf(larger), larger, finite);
}

Array angle(const ComplexArray& input) {
  return arctan2(input.imag(), input.real());
}

Array abs_squared(const ComplexArray& input) {
  return square(input.real()) + square(input.imag());
}

ComplexArray exp(const ComplexArray& input) {
  return polar(exp(input.real()), input.imag());
}

ComplexArray log(const ComplexArray& input) {
  return ComplexArray(log(abs(input)), angle(input));
}

// The part that does not cancel, and the other one from 2 re im = input's imaginary part.
ComplexArray sqrt(const ComplexArray& input) {
  const Array larger = sqrt((abs(input) + abs(input.real())) * 0.5);
  const Array smaller = abs(input.imag()) * 0.5 / where(larger > 0, larger, 1);
  const Array right = input.real() >= 0;
  const Array im = where(right, smaller, larger);
  return ComplexArray(where(right, larger, smaller), where(input.imag() < 0, -im, im));
}

ComplexArray matmul(const ComplexArray& lhs, const ComplexArray& rhs) {
  return ComplexArray(matmul(lhs.real(), rhs.real()) - matmul(lhs.imag(), rhs.imag()),
                      matmul(lhs.real(), rhs.imag()) + matmul(lhs.imag(), rhs.real()));
}

}  // namespace ashlar
