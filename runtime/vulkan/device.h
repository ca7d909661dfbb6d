// SPDX-License-Identifier: Apache-2.0
// One Vulkan device with its queue and memory. Everything else of the runtime hangs on it and must
// be destroyed before it; the destructor waits a bounded time for running work and never throws.
//
// Thread-safety: submits, waits and allocations may come from several threads; see each class.
#pragma once

#include "runtime/program/debug_options.h"
#include "runtime/vulkan/instance.h"
#include "runtime/vulkan/physical_device.h"

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>

namespace ashlar {

class Memory;
class Queue;
class Transfers;

struct DeviceOptions {
  std::string selector;  // as in choose_device
  DebugOptions debug;
  std::uint64_t memory_limit = std::numeric_limits<std::uint64_t>::max();  // for all our buffers

  // ASHLAR_DEVICE and ASHLAR_DEBUG.
  static DeviceOptions from_environment();
};

class Device {
public:
  // Throws NoDevice, Unsupported (validation layers missing) or InvalidArgument (ASHLAR_DEBUG).
  explicit Device(DeviceOptions options = DeviceOptions::from_environment());
  ~Device();
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  const DeviceProfile& profile() const { return physical_.profile; }
  const PhysicalDevice& physical() const { return physical_; }
  const DebugOptions& debug() const { return options_.debug; }
  const DeviceOptions& options() const { return options_; }
  // Shared, so that it can be read after the device is gone.
  const std::shared_ptr<ValidationLog>& validation_log() const {
    return instance_->validation_log();
  }

  VkDevice handle() const { return handle_; }
  VkQueue vulkan_queue() const { return vulkan_queue_; }
  // Of kernels without texel buffers: nothing but push constants.
  VkPipelineLayout pipeline_layout() const { return pipeline_layout_; }
  // The caller's: push constants, and such sets.
  VkPipelineLayout create_pipeline_layout(std::span<const VkDescriptorSetLayout> sets);
  const DebugUtils& debug_utils() const { return instance_->debug_utils(); }

  Queue& queue() { return *queue_; }
  Memory& memory() { return *memory_; }
  Transfers& transfers() { return *transfers_; }

  // Names an object in validation messages and captures.
  void set_name(VkObjectType type, std::uint64_t object, const std::string& name) const;
  // Every vkCreate* and vkAllocate* of the runtime counts itself here.
  void count_created() { ++objects_created_; }
  std::uint64_t objects_created() const { return objects_created_; }
  // Destroys an object of any type the runtime makes; the device must be done with it.
  void destroy(VkObjectType type, std::uint64_t object) noexcept;
  // Destroys it once everything submitted so far is done.
  void retire(VkObjectType type, std::uint64_t object) noexcept;

private:
  void create_device();

  DeviceOptions options_;
  std::unique_ptr<Instance> instance_;
  PhysicalDevice physical_;
  VkDevice handle_ = VK_NULL_HANDLE;
  VkQueue vulkan_queue_ = VK_NULL_HANDLE;
  VkPipelineLayout pipeline_layout_ = VK_NULL_HANDLE;
  std::atomic<std::uint64_t> objects_created_ = 0;
  std::unique_ptr<Memory> memory_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Transfers> transfers_;
};

// The 64-bit form of a Vulkan handle that set_name, destroy and retire take.
template <typename Handle> std::uint64_t object_id(Handle handle) {
  static_assert(sizeof(Handle) == sizeof(std::uint64_t));
  return reinterpret_cast<std::uint64_t>(handle);
}

}  // namespace ashlar
