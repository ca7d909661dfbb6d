// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/commands.h"

#include "runtime/vulkan/check.h"
#include "runtime/vulkan/device.h"

namespace ashlar {
namespace {

constexpr VkPipelineStageFlags2 kWorkStages =
    VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
constexpr VkAccessFlags2 kWorkWrites =
    VK_ACCESS_2_SHADER_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;
constexpr VkAccessFlags2 kWorkReads = VK_ACCESS_2_SHADER_READ_BIT | VK_ACCESS_2_TRANSFER_READ_BIT;

void record_memory_barrier(VkCommandBuffer commands, VkPipelineStageFlags2 target_stages,
                           VkAccessFlags2 target_accesses) {
  VkMemoryBarrier2 barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER_2};
  barrier.srcStageMask = kWorkStages;
  barrier.srcAccessMask = kWorkWrites;
  barrier.dstStageMask = target_stages;
  barrier.dstAccessMask = target_accesses;
  VkDependencyInfo info{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
  info.memoryBarrierCount = 1;
  info.pMemoryBarriers = &barrier;
  vkCmdPipelineBarrier2(commands, &info);
}

}  // namespace

CommandPool::CommandPool(Device& device) : device_(device) {
  VkCommandPoolCreateInfo info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
  info.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  info.queueFamilyIndex = device.physical().queue_family;
  check_vulkan(vkCreateCommandPool(device.handle(), &info, nullptr, &handle_),
               "vkCreateCommandPool");
  device.count_created();
}

CommandPool::~CommandPool() {
  device_.retire(VK_OBJECT_TYPE_COMMAND_POOL, object_id(handle_));
}

VkCommandBuffer CommandPool::allocate() {
  VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandPool = handle_;
  info.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
  info.commandBufferCount = 1;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  check_vulkan(vkAllocateCommandBuffers(device_.handle(), &info, &commands),
               "vkAllocateCommandBuffers");
  device_.count_created();
  return commands;
}

void begin_recording(VkCommandBuffer commands) {
  VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  info.flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT;
  check_vulkan(vkBeginCommandBuffer(commands, &info), "vkBeginCommandBuffer");
  record_barrier(commands);
}

void end_recording(VkCommandBuffer commands) {
  check_vulkan(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
}

void record_barrier(VkCommandBuffer commands) {
  record_memory_barrier(commands, kWorkStages, kWorkReads | kWorkWrites);
}

void record_host_barrier(VkCommandBuffer commands) {
  record_memory_barrier(commands, VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
}

void begin_label(const Device& device, VkCommandBuffer commands, const std::string& label) {
  if (!device.debug_utils().begin_label)
    return;
  VkDebugUtilsLabelEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT};
  info.pLabelName = label.c_str();
  device.debug_utils().begin_label(commands, &info);
}

void end_label(const Device& device, VkCommandBuffer commands) {
  if (device.debug_utils().end_label)
    device.debug_utils().end_label(commands);
}

}  // namespace ashlar
