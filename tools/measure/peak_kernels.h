// SPDX-License-Identifier: Apache-2.0
// Kernels that only compute: registers in, registers out, and one value stored at the end.
#pragma once

#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include <string>
#include <vector>

namespace ashlar {

struct PeakKernel {
  std::string name;  // "f32 fma", "f16 matrix"
  Program program;   // one entry "run", one output; its first dispatch counts its operations
};

// One for plain f32, and one for f16 and for bf16 where the device has cooperative matrices of them
// that add in f32.
std::vector<PeakKernel> peak_kernels(const DeviceProfile& profile);

}  // namespace ashlar
