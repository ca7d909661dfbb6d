// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/tapers.h"

#include "runtime/array/elementwise.h"
#include "runtime/array/origin.h"
#include "runtime/program/error.h"

#include <numbers>

namespace ashlar {
namespace {

// 0 to 1; a single point stands in the middle.
Array places(std::int64_t n) {
  if (n < 0)
    throw InvalidArgument("window", "expected at least 0 points, got {}", n);
  if (n == 1)
    return full({1}, 0.5);
  return astype(arange(n), DType::f32) / static_cast<double>(n - 1);
}

Array wave(const Array& place, double turns) {
  return cos(place * (2 * std::numbers::pi * turns));
}

}  // namespace

Array bartlett(std::int64_t n, Here where) {
  const WrittenAt at(where);
  return 1 - abs(places(n) * 2 - 1);
}

Array blackman(std::int64_t n, Here where) {
  const WrittenAt at(where);
  const Array place = places(n);
  return 0.42 - wave(place, 1) * 0.5 + wave(place, 2) * 0.08;
}

Array hamming(std::int64_t n, Here where) {
  const WrittenAt at(where);
  return 0.54 - wave(places(n), 1) * 0.46;
}

Array hanning(std::int64_t n, Here where) {
  const WrittenAt at(where);
  return 0.5 - wave(places(n), 1) * 0.5;
}

}  // namespace ashlar
