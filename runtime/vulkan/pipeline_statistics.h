// SPDX-License-Identifier: Apache-2.0
// What the driver says of the code it made of a kernel: registers, bytes, spills. Names and units
// are the driver's own.
#pragma once

#include "runtime/program/program.h"

#include <string>
#include <vector>

namespace ashlar {

class Device;

struct PipelineStatistic {
  std::string name;
  double value = 0;
};

// In the driver's order. Compiles the kernel once more, since drivers may treat a pipeline that
// keeps its statistics differently. The device must offer them
// (PhysicalDevice::pipeline_statistics) and meet the kernel's requirements.
std::vector<PipelineStatistic> pipeline_statistics(Device& device, const Kernel& kernel);

}  // namespace ashlar
