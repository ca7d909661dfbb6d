// SPDX-License-Identifier: Apache-2.0
#include "models/nn/dropout.h"

#include "runtime/array/ops.h"
#include "runtime/program/error.h"

namespace ashlar::nn {

Array dropout(const Array& x, double rate, const Array& key) {
  if (!(rate >= 0 && rate < 1))
    throw InvalidArgument("dropout", "rate: expected 0 or more and less than 1, got {}", rate);
  return where(random::bernoulli(key, 1 - rate, x.shape()), x * (1 / (1 - rate)), 0);
}

}  // namespace ashlar::nn
