// SPDX-License-Identifier: Apache-2.0
// Measures the limits of a device with kernels of our own compiler.
#pragma once

#include "runtime/vulkan/device.h"
#include "tools/measure/device_limits.h"

namespace ashlar {

struct ProbeOptions {
  // Bytes of the arrays that are read and copied, rounded down to a power of two; 0: 64 MiB on a
  // CPU driver, else 1 GiB, or less where that does not fit.
  std::uint64_t array_bytes = 0;
  int runs = 9;  // medians of that many
};

// Takes a few seconds. Throws Unsupported where the queue has no timestamps.
DeviceLimits probe_device(Device& device, const ProbeOptions& options = {});

}  // namespace ashlar
