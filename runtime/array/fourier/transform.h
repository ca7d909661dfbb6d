// SPDX-License-Identifier: Apache-2.0
// The forward transform along the last axis, without a factor.
#pragma once

#include "runtime/array/complex.h"

namespace ashlar::fft {

ComplexArray transform(const ComplexArray& input);

}  // namespace ashlar::fft
