// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/texel_views.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"

#include <vector>

namespace ashlar {

TexelViews::TexelViews(Device& device, std::uint32_t sets, std::uint32_t views) : device_(device) {
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, views};
  VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
  info.maxSets = sets;
  info.poolSizeCount = 1;
  info.pPoolSizes = &size;
  check_vulkan(vkCreateDescriptorPool(device.handle(), &info, nullptr, &pool_),
               "vkCreateDescriptorPool");
  device.count_created();
}

TexelViews::~TexelViews() {
  device_.retire(VK_OBJECT_TYPE_DESCRIPTOR_POOL, object_id(pool_));
  for (const auto& [range, view] : views_)
    device_.retire(VK_OBJECT_TYPE_BUFFER_VIEW, object_id(view));
}

VkDescriptorSet TexelViews::bind(VkDescriptorSetLayout layout, std::span<const TexelRange> ranges) {
  VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
  info.descriptorPool = pool_;
  info.descriptorSetCount = 1;
  info.pSetLayouts = &layout;
  VkDescriptorSet set = VK_NULL_HANDLE;
  check_vulkan(vkAllocateDescriptorSets(device_.handle(), &info, &set), "vkAllocateDescriptorSets");
  std::vector<VkBufferView> views;
  for (const TexelRange& range : ranges)
    views.push_back(view_of(range));
  VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.dstSet = set;
  write.descriptorCount = static_cast<std::uint32_t>(views.size());
  write.descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
  write.pTexelBufferView = views.data();
  vkUpdateDescriptorSets(device_.handle(), 1, &write, 0, nullptr);
  return set;
}

VkBufferView TexelViews::view_of(const TexelRange& range) {
  VkBufferView& view = views_[{range.start.buffer->handle(), range.start.offset, range.bytes}];
  if (view != VK_NULL_HANDLE)
    return view;
  const std::uint64_t texels = texels_in(range.bytes), most = device_.profile().max_texels;
  if (texels > most)
    throw Unsupported("vulkan", "a texel buffer of {} texels: this device allows at most {}",
                      texels, most);
  VkBufferViewCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO};
  info.buffer = range.start.buffer->handle();
  info.format = kTexelFormat;
  info.offset = range.start.offset;
  info.range = texels * kTexelBytes;
  check_vulkan(vkCreateBufferView(device_.handle(), &info, nullptr, &view), "vkCreateBufferView");
  device_.count_created();
  return view;
}

}  // namespace ashlar
