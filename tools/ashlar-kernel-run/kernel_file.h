// SPDX-License-Identifier: Apache-2.0
// A .mlir file that holds one kernel: a kernel.def (level L3) or a gpu.module (level L5).
#pragma once

#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

struct KernelFile {
  Kernel kernel;
  // Of a kernel.def only: the grid, and the types of its buffers (dynamic rows are absent).
  std::optional<std::array<std::uint32_t, 3>> workgroups;
  struct BufferType {
    DType dtype;
    std::optional<std::int64_t> count;
  };
  std::vector<BufferType> buffers;
  std::size_t inputs = 0;
  Cost cost;
};

// Compiles the kernel for the device and validates its SPIR-V. `schedule`, where it is not empty,
// takes the place of a kernel.def's own, as in "matmul, tile_m=64, tile_n=64". Throws
// ashlar::Error.
KernelFile load_kernel(const std::string& path, const DeviceProfile& profile,
                       const std::string& schedule = "");

}  // namespace ashlar
