// SPDX-License-Identifier: Apache-2.0
// Evaluation of lazy arrays on the default device. Evaluated arrays keep their value and forget
// what they were computed from. Equal computations on equal types are compiled once.
//
// Thread-safety: may be called from any thread; evaluations run one after the other.
#pragma once

#include "runtime/array/array.h"

namespace ashlar {

// Compute all of the arrays in one submit. `eval` waits for the device; `async_eval` returns at
// once, and reads wait. Throws InvalidArgument for arrays that depend on a trace or on weights.
void eval(const std::vector<Array>& arrays);
void async_eval(const std::vector<Array>& arrays);

inline void eval(const Array& array) {
  eval(std::vector<Array>{array});
}
inline void async_eval(const Array& array) {
  async_eval(std::vector<Array>{array});
}

}  // namespace ashlar
