// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/ops.h"
#include <iostream>
using namespace ashlar;

int main() {
  const Array key = random::key(0);
  const Array x = random::normal(key, {4, 64});
  const Array w = random::normal(random::split(key)(0), {256, 64}) * 0.1;
  const Array y = gelu_tanh(linear(x, w));   // nothing has run yet
  std::cout << mean(square(y), -1) << "\n";  // one submit
}
