// SPDX-License-Identifier: Apache-2.0
#include "runtime/array/ops.h"
#include "runtime/array/transforms.h"
#include <iostream>
using namespace ashlar;

int main() {
  const Array x = reshape(arange(6).astype(DType::f32), {3, 2}), y = ones({3, 1});
  Array w = zeros({1, 2});
  for (int step = 0; step < 3; ++step) {
    auto [loss, gradient] =
        value_and_grad([&](const Array& w) { return mean(square(linear(x, w) - y)); })(w);
    w = w - gradient * 0.05;
    std::cout << loss << "\n";
  }
}
