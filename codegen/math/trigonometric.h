// SPDX-License-Identifier: Apache-2.0
// f32 trigonometry as arithmetic, to within 2.5 ulp (tan: 4 ulp) for every finite argument, however
// large; NaN and infinities as in C.
#pragma once

#include "codegen/math/numbers.h"

namespace ashlar::codegen {

Real sin(Real x);
Real cos(Real x);
Real tan(Real x);
Real atan2(Real y, Real x);

}  // namespace ashlar::codegen
