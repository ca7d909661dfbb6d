// SPDX-License-Identifier: Apache-2.0
// A compute pipeline of one kernel. Its interface are the push constants that hold a dispatch
// record or its address, and the texel buffers of some arguments (see runtime/program/program.h).
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
  // Of the set of its texel buffers; null where it has none.
  VkDescriptorSetLayout texel_layout() const { return texel_layout_; }

  // `texels` is a set of texel_layout(), or null.
  void record_dispatch(VkCommandBuffer commands, std::span<const std::byte> push_constants,
                       VkDescriptorSet texels,
                       const std::array<std::uint32_t, 3>& workgroups) const;

private:
  void release() noexcept;

  Device* device_;
  VkDescriptorSetLayout texel_layout_ = VK_NULL_HANDLE;
  VkPipelineLayout own_layout_ = VK_NULL_HANDLE;  // where it has texel buffers
  VkPipeline handle_ = VK_NULL_HANDLE;
};

}  // namespace ashlar
