// SPDX-License-Identifier: Apache-2.0
// Values of lazy arrays by the reference evaluator: tests of the front end need no device.
#pragma once

#include "ir/reference/tensor.h"
#include "runtime/array/array.h"

#include <vector>

namespace ashlar::testing {

// The present value of an evaluated array.
reference::Tensor reference_value(const Array& array);

// Several values, computed together.
std::vector<reference::Tensor> reference_values(const std::vector<Array>& arrays);

// Elements as doubles, whatever the dtype.
std::vector<double> values_of(const Array& array);

}  // namespace ashlar::testing
