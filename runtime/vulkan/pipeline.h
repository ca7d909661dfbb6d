// SPDX-License-Identifier: Apache-2.0
// A compute pipeline of one kernel. Its whole interface are the push constants that hold a dispatch
// record or its address (see runtime/program/program.h).
#pragma once

#include "runtime/program/program.h"

#include <vulkan/vulkan_core.h>

#include <cstddef>
#include <span>

namespace ashlar {

class Device;

class Pipeline {
public:
  // The device must meet the kernel's requirements (see check_requirements).
  Pipeline(Device& device, const Kernel& kernel, VkPipelineCreateFlags flags = 0);
  ~Pipeline();
  Pipeline(Pipeline&& other) noexcept;
  Pipeline& operator=(Pipeline&&) = delete;

  VkPipeline handle() const { return handle_; }

  void record_dispatch(VkCommandBuffer commands, std::span<const std::byte> push_constants,
                       const std::array<std::uint32_t, 3>& workgroups) const;

private:
  Device* device_;
  VkPipeline handle_ = VK_NULL_HANDLE;
};

}  // namespace ashlar
