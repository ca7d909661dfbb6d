// SPDX-License-Identifier: Apache-2.0
#include "tools/measure/wake.h"

#include "tools/measure/statistics.h"

namespace ashlar {

void wake(const Device& device, const std::function<void()>& work) {
  constexpr double kSeconds = 0.5;
  double spent = seconds_of(work);
  while (!device.profile().is_cpu && spent < kSeconds)
    spent += seconds_of(work);
}

}  // namespace ashlar
