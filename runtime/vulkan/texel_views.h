// SPDX-License-Identifier: Apache-2.0
// Texel buffers bound for dispatches: ranges of buffers as texels of four u32, in descriptor sets.
// Safe to destroy while commands that use the sets run (see Queue::retire). Not thread-safe.
#pragma once

#include "runtime/vulkan/memory.h"

#include <vulkan/vulkan_core.h>

#include <cstdint>
#include <map>
#include <span>
#include <tuple>

namespace ashlar {

struct TexelRange {
  BufferView start;  // at a multiple of kTexelBytes
  std::uint64_t bytes;
};

class TexelViews {
public:
  // Room for so many sets, of `views` texel buffers in all; both at least 1.
  TexelViews(Device& device, std::uint32_t sets, std::uint32_t views);
  ~TexelViews();
  TexelViews(const TexelViews&) = delete;
  TexelViews& operator=(const TexelViews&) = delete;

  // A set of that layout with the ranges, by binding. Throws Unsupported where the device has no
  // texel buffers so large.
  VkDescriptorSet bind(VkDescriptorSetLayout layout, std::span<const TexelRange> ranges);

private:
  VkBufferView view_of(const TexelRange& range);

  Device& device_;
  VkDescriptorPool pool_ = VK_NULL_HANDLE;
  // By buffer, offset and bytes.
  std::map<std::tuple<VkBuffer, std::uint64_t, std::uint64_t>, VkBufferView> views_;
};

}  // namespace ashlar
