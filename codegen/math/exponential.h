// SPDX-License-Identifier: Apache-2.0
// f32 exponentials and logarithms as arithmetic, to within 1.5 ulp (power: 2.5 ulp); limits, NaN,
// infinities and overflow as in C. Results below 2^-126 may flush to zero.
#pragma once

#include "codegen/math/numbers.h"

namespace ashlar::codegen {

Real exp(Real x);
Real exp2(Real x);
Real expm1(Real x);
Real log(Real x);
Real log2(Real x);
Real log1p(Real x);
Real power(Real x, Real y);

}  // namespace ashlar::codegen
