// SPDX-License-Identifier: Apache-2.0
// One or more small applications of every operation that has operands, and of functions made of
// them: what the tests of derivatives and of vmap run.
#pragma once

#include "runtime/array/transforms.h"
#include "tests/support/derivative_check.h"

#include <string>
#include <vector>

namespace ashlar::testing {

struct OpCase {
  OpKind op;
  std::string name;
  ArrayFunction function;  // gives one array
  Arrays inputs;           // constants; floats away from kinks and ties
  bool smooth = true;      // has second derivatives
  double tolerance = kDerivativeTolerance;
};

const std::vector<OpCase>& op_cases();
// Functions made of operations; `op` is the one that matters most.
const std::vector<OpCase>& function_cases();

}  // namespace ashlar::testing
