// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/fft.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/fourier/transform.h"
#include "runtime/array/indexing.h"
#include "runtime/array/movement.h"
#include "runtime/array/origin.h"
#include "runtime/array/rearranging.h"
#include "runtime/program/error.h"

#include <cmath>
#include <numeric>

namespace ashlar::fft {
namespace {

ComplexArray moved(const ComplexArray& x, int from, int to) {
  return x.map([&](const Array& a) { return moveaxis(a, from, to); });
}

// The first `n` elements of the last axis, or all of them and zeros.
ComplexArray resized(const ComplexArray& x, std::int64_t n) {
  if (n < 1)
    throw InvalidArgument("fft", "expected a length of at least 1, got {}", n);
  return x.map([n](const Array& a) {
    if (a.dim(-1) >= n)
      return a(kEllipsis, Slice(0, n));
    std::vector<std::int64_t> low(static_cast<std::size_t>(a.rank()), 0), high = low;
    high.back() = n - a.dim(-1);
    return pad(a, low, high);
  });
}

ComplexArray scaled(const ComplexArray& x, std::int64_t n, Norm norm, Norm whole) {
  if (norm == Norm::ortho)
    return x * (1 / std::sqrt(static_cast<double>(n)));
  return norm == whole ? x * (1.0 / static_cast<double>(n)) : x;
}

// All n frequencies from the first n/2 + 1 of a real signal.
ComplexArray mirrored(const ComplexArray& half, std::int64_t n) {
  const std::int64_t known = n / 2 + 1;
  const ComplexArray first = resized(half, known);
  if (n <= 2)
    return resized(first, n);
  const auto rest = [&](const Array& a) { return flip(a(kEllipsis, Slice(1, n - known + 1)), -1); };
  const ComplexArray second = conj(first.map(rest));
  return ComplexArray(concatenate({first.real(), second.real()}, -1),
                      concatenate({first.imag(), second.imag()}, -1));
}

std::vector<int> axes_of(int rank, const Lengths& lengths, const std::vector<int>& axes) {
  std::vector<int> chosen = axes;
  if (axes.empty()) {
    chosen.resize(lengths.empty() ? static_cast<std::size_t>(rank) : lengths.size());
    std::iota(chosen.begin(), chosen.end(), -static_cast<int>(chosen.size()));
  }
  if (chosen.empty() || (!lengths.empty() && lengths.size() != chosen.size()))
    throw InvalidArgument("fft", "{} lengths for {} axes", lengths.size(), chosen.size());
  return chosen;
}

Length length_at(const Lengths& lengths, std::size_t i) {
  return lengths.empty() ? Length() : lengths[i];
}

using Transform = ComplexArray (*)(const ComplexArray&, Length, int, Norm);

// All axes but the last `kept` ones.
ComplexArray along(Transform function, ComplexArray x, const Lengths& lengths,
                   const std::vector<int>& axes, std::size_t kept, Norm norm) {
  for (std::size_t i = 0; i + kept < axes.size(); ++i)
    x = function(x, length_at(lengths, i), axes[i], norm);
  return x;
}

Array shifted(const Operand& input, const std::vector<int>& axes, bool forward) {
  Array x = input.array();
  for (int axis : axes_of(x.rank(), {}, axes)) {
    const std::int64_t n = x.dim(axis);
    x = roll(x, forward ? n / 2 : n - n / 2, axis);
  }
  return x;
}

}  // namespace

ComplexArray fft(const ComplexArray& input, Length n, int axis, Norm norm) {
  const ComplexArray x = moved(input, axis, -1);
  const std::int64_t length = n.value_or(x.shape().dim(-1));
  return moved(scaled(transform(resized(x, length)), length, norm, Norm::forward), -1, axis);
}

ComplexArray ifft(const ComplexArray& input, Length n, int axis, Norm norm) {
  const ComplexArray x = moved(input, axis, -1);
  const std::int64_t length = n.value_or(x.shape().dim(-1));
  const ComplexArray back = conj(transform(conj(resized(x, length))));
  return moved(scaled(back, length, norm, Norm::backward), -1, axis);
}

ComplexArray rfft(const Operand& input, Length n, int axis, Norm norm) {
  const WrittenAt at(input.where());
  const ComplexArray all = moved(fft(ComplexArray(input), n, axis, norm), axis, -1);
  return moved(resized(all, all.shape().dim(-1) / 2 + 1), -1, axis);
}

Array irfft(const ComplexArray& input, Length n, int axis, Norm norm) {
  const ComplexArray half = moved(input, axis, -1);
  const std::int64_t length = n.value_or(2 * (half.shape().dim(-1) - 1));
  if (length < 1)
    throw InvalidArgument("fft", "expected a length of at least 1, got {}", length);
  return ifft(moved(mirrored(half, length), -1, axis), length, axis, norm).real();
}

Array hfft(const ComplexArray& input, Length n, int axis, Norm norm) {
  constexpr Norm kOpposite[] = {Norm::forward, Norm::ortho, Norm::backward};
  return irfft(conj(input), n, axis, kOpposite[static_cast<int>(norm)]);
}

ComplexArray ihfft(const Operand& input, Length n, int axis, Norm norm) {
  constexpr Norm kOpposite[] = {Norm::forward, Norm::ortho, Norm::backward};
  return conj(rfft(input, n, axis, kOpposite[static_cast<int>(norm)]));
}

ComplexArray fftn(const ComplexArray& input, const Lengths& lengths, const std::vector<int>& axes,
                  Norm norm) {
  return along(fft, input, lengths, axes_of(input.shape().rank(), lengths, axes), 0, norm);
}

ComplexArray ifftn(const ComplexArray& input, const Lengths& lengths, const std::vector<int>& axes,
                   Norm norm) {
  return along(ifft, input, lengths, axes_of(input.shape().rank(), lengths, axes), 0, norm);
}

ComplexArray rfftn(const Operand& input, const Lengths& lengths, const std::vector<int>& axes,
                   Norm norm) {
  const WrittenAt at(input.where());
  const std::vector<int> chosen = axes_of(input.array().rank(), lengths, axes);
  const ComplexArray half = rfft(input, length_at(lengths, chosen.size() - 1), chosen.back(), norm);
  return along(fft, half, lengths, chosen, 1, norm);
}

Array irfftn(const ComplexArray& input, const Lengths& lengths, const std::vector<int>& axes,
             Norm norm) {
  const std::vector<int> chosen = axes_of(input.shape().rank(), lengths, axes);
  const ComplexArray rows = along(ifft, input, lengths, chosen, 1, norm);
  return irfft(rows, length_at(lengths, chosen.size() - 1), chosen.back(), norm);
}

ComplexArray fft2(const ComplexArray& input, const Lengths& lengths, Norm norm) {
  return fftn(input, lengths, {-2, -1}, norm);
}

ComplexArray ifft2(const ComplexArray& input, const Lengths& lengths, Norm norm) {
  return ifftn(input, lengths, {-2, -1}, norm);
}

ComplexArray rfft2(const Operand& input, const Lengths& lengths, Norm norm) {
  return rfftn(input, lengths, {-2, -1}, norm);
}

Array irfft2(const ComplexArray& input, const Lengths& lengths, Norm norm) {
  return irfftn(input, lengths, {-2, -1}, norm);
}

Array fftfreq(std::int64_t n, double spacing, Here where) {
  const WrittenAt at(where);
  if (n < 1)
    throw InvalidArgument("fft", "fftfreq: expected a length of at least 1, got {}", n);
  const Array steps = (arange(n) + n / 2) % n - n / 2;
  return astype(steps, DType::f32) / (static_cast<double>(n) * spacing);
}

Array rfftfreq(std::int64_t n, double spacing, Here where) {
  const WrittenAt at(where);
  return astype(arange(n / 2 + 1), DType::f32) / (static_cast<double>(n) * spacing);
}

Array fftshift(const Operand& input, const std::vector<int>& axes) {
  const WrittenAt at(input.where());
  return shifted(input, axes, true);
}

Array ifftshift(const Operand& input, const std::vector<int>& axes) {
  const WrittenAt at(input.where());
  return shifted(input, axes, false);
}

}  // namespace ashlar::fft
