// SPDX-License-Identifier: Apache-2.0
// f32 tanh and the error function as arithmetic, to within 2 ulp; limits and NaN as in C.
#pragma once

#include "codegen/math/numbers.h"

namespace ashlar::codegen {

Real tanh(Real x);
Real erf(Real x);

}  // namespace ashlar::codegen
