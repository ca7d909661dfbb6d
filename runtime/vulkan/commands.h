// SPDX-License-Identifier: Apache-2.0
// Command pools, and the few commands the runtime records.
#pragma once

#include <vulkan/vulkan_core.h>

#include <string>

namespace ashlar {

class Device;

// Owns the command buffers allocated from it; safe to destroy while they run (see Queue::retire).
// Not thread-safe.
class CommandPool {
public:
  explicit CommandPool(Device& device);
  ~CommandPool();
  CommandPool(const CommandPool&) = delete;
  CommandPool& operator=(const CommandPool&) = delete;

  VkCommandBuffer allocate();

private:
  Device& device_;
  VkCommandPool handle_ = VK_NULL_HANDLE;
};

// Begins a recording that may be submitted many times, also while an earlier submit of it runs. The
// first command is a barrier against everything submitted before.
void begin_recording(VkCommandBuffer commands);
void end_recording(VkCommandBuffer commands);

// All earlier writes of kernels and copies become visible to all later kernels and copies.
void record_barrier(VkCommandBuffer commands);
// All earlier writes become visible to the host.
void record_host_barrier(VkCommandBuffer commands);

// Names the commands between two points in captures; no-ops without VK_EXT_debug_utils.
void begin_label(const Device& device, VkCommandBuffer commands, const std::string& label);
void end_label(const Device& device, VkCommandBuffer commands);

}  // namespace ashlar
