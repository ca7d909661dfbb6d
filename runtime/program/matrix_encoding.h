// SPDX-License-Identifier: Apache-2.0
// The encodings of packed matrices that kernels read.
#pragma once

#include "runtime/program/affine_encoding.h"
#include "runtime/program/float_encoding.h"

#include <cstdint>
#include <variant>

namespace ashlar {

using MatrixEncoding = std::variant<AffineEncoding, FloatEncoding>;

inline std::int64_t bits_of(const MatrixEncoding& encoding) {
  const auto* affine = std::get_if<AffineEncoding>(&encoding);
  return affine ? affine->bits : std::get<FloatEncoding>(encoding).bits();
}

inline std::int64_t group_size_of(const MatrixEncoding& encoding) {
  return std::visit([](const auto& e) { return e.group_size; }, encoding);
}

}  // namespace ashlar
