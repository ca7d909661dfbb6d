// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/can_cast.h"

namespace ashlar {

// Bits of the magnitude.
static int magnitude_bits(DType dtype) {
  return dtype == DType::boolean
             ? 1
             : static_cast<int>(size_of(dtype) * 8) - (is_signed(dtype) ? 1 : 0);
}

bool can_cast(DType from, DType to) {
  if (from == to)
    return true;
  if (to == DType::boolean)
    return false;
  if (is_float(from))
    return to == DType::f32;
  if (is_float(to))
    return magnitude_bits(from) <= (to == DType::f32 ? 24 : to == DType::f16 ? 11 : 8);
  return (is_signed(to) || !is_signed(from)) && magnitude_bits(to) >= magnitude_bits(from);
}

}  // namespace ashlar
