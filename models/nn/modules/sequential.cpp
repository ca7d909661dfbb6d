// SPDX-License-Identifier: Apache-2.0
#include "models/nn/modules/sequential.h"

#include "runtime/array/origin.h"

namespace ashlar::nn {

Array Sequential::operator()(const Array& x) {
  Scope scope(name());
  Array y = x;
  for (const auto& step : steps_)
    y = step(y);
  return y;
}

}  // namespace ashlar::nn
