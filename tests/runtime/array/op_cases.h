// SPDX-License-Identifier: Apache-2.0
// One or more small applications of every operation that has operands, and of functions made of
// them: what the tests of derivatives and of vmap run.
#pragma once

#include "runtime/array/transforms.h"

#include <string>
#include <vector>

namespace ashlar::testing {

struct OpCase {
  OpKind op;
  std::string name;
  ArrayFunction function;  // gives one array
  Arrays inputs;           // constants; floats away from kinks and ties
  bool smooth = true;      // has second derivatives
};

const std::vector<OpCase>& op_cases();
// Functions made of operations; `op` is the one that matters most.
const std::vector<OpCase>& function_cases();

// Pseudo-random f32 in [low, high), different from each other, the same on every machine.
Array numbers(const Shape& shape, double low = -1.5, double high = 1.5, int seed = 0);

}  // namespace ashlar::testing
