// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/closure.h"
#include "runtime/array/ops.h"
#include <iostream>
using namespace ashlar;

int main() {
  const State total("total", DType::f32, {3});
  const auto add = compile(+[](const State& sum, const Array& x, std::int64_t times) {
    sum.update(sum.read() + x * times);  // in place, on the device
    return mean(sum.read());
  });
  for (std::int64_t step = 0; step < 3; ++step)
    std::cout << add(total, arange(3), 2) << "\n";  // traced at the first call, replayed after it
}
