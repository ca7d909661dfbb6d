// SPDX-License-Identifier: Apache-2.0
// Kernels that only compute: registers in, registers out, and one value stored at the end.
#pragma once

#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include <string>
#include <vector>

namespace ashlar {

struct PeakKernel {
  std::string name;  // "f32 fma", "f16 matrix 16x16x16"
  Program program;   // one entry "run", one output; its first dispatch counts its operations
};

// One for plain f32 and, on devices with cooperative matrices of f16 and f32 sums, one for the
// largest of their shapes.
std::vector<PeakKernel> peak_kernels(const DeviceProfile& profile);

}  // namespace ashlar
