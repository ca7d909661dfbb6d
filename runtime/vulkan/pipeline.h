// SPDX-License-Identifier: Apache-2.0
// A compute pipeline of one kernel. Its whole interface is the push constant that holds the address
// of a dispatch record (see runtime/program/program.h).
#pragma once

#include "runtime/program/program.h"

#include <vulkan/vulkan_core.h>

namespace ashlar {

class Device;

class Pipeline {
public:
  // The device must meet the kernel's requirements (see check_requirements).
  Pipeline(Device& device, const Kernel& kernel);
  ~Pipeline();
  Pipeline(Pipeline&& other) noexcept;
  Pipeline& operator=(Pipeline&&) = delete;

  void record_dispatch(VkCommandBuffer commands, VkDeviceAddress record,
                       const std::array<std::uint32_t, 3>& workgroups) const;

private:
  Device* device_;
  VkPipeline handle_ = VK_NULL_HANDLE;
};

}  // namespace ashlar
