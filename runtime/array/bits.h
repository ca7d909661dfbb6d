// SPDX-License-Identifier: Apache-2.0
// Arrays under another element type by their bits, little-endian. No derivative
// flows through.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

// The same bytes as elements of another type. Where its size differs, the last
// axis has more or fewer elements. Booleans are bytes of 0 and 1, and bytes
// other than 0 are true. Of a NaN, sign and payload may change. Throws
// InvalidArgument where the last axis does not divide, and for 0-d arrays whose
// elements would change their size.
Array view(const Operand& input, DType dtype);

// The nearest float of 8 bits (OCP E4M3: no infinities, 448 is the largest) as
// a byte; ties to even, larger numbers saturate.
Array to_fp8(const Operand& input);
Array from_fp8(const Operand& bytes, DType dtype = DType::f32);

}  // namespace ashlar
