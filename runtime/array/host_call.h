// SPDX-License-Identifier: Apache-2.0
// Functions that run on the host, such as matrix decompositions. They are as lazy as others: when a
// result is needed, the arguments are evaluated and read, and what is computed from the result
// waits for it. So they cannot be part of a compiled closure.
#pragma once

#include "runtime/array/transforms/custom_rules.h"

namespace ashlar {

// Results of the given types, which `rules.host` computes from the arguments. Transforms follow the
// other rules, which must not use the results that they are given: those have no value of their
// own.
Arrays host_call(CustomRules rules, const std::vector<ArrayType>& results, const Arrays& arguments);

bool is_host_call(const Node& node);

}  // namespace ashlar
