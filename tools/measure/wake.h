// SPDX-License-Identifier: Apache-2.0
// What every measurement does first.
#pragma once

#include "runtime/vulkan/device.h"

#include <functional>

namespace ashlar {

// An idle GPU runs at a fraction of its clock for some tenths of a second after work arrives:
// repeats `work` for that long. Does it once on a CPU.
void wake(const Device& device, const std::function<void()>& work);

}  // namespace ashlar
