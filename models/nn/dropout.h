// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/array/array.h"

namespace ashlar::nn {

// x with each element 0 with probability `rate`, and the others larger by 1 / (1 - rate). The key
// decides which; use another one in each step. Throws InvalidArgument unless 0 <= rate < 1.
Array dropout(const Array& x, double rate, const Array& key);

}  // namespace ashlar::nn
