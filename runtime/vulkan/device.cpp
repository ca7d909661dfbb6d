// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/device.h"

#include "runtime/vulkan/check.h"
#include "runtime/vulkan/features.h"
#include "runtime/vulkan/memory.h"
#include "runtime/vulkan/queue.h"
#include "runtime/vulkan/transfers.h"

#include <cassert>
#include <cstdlib>

namespace ashlar {
namespace {

PhysicalDevice select(VkInstance instance, const std::string& selector) {
  std::vector<PhysicalDevice> devices = list_physical_devices(instance);
  return std::move(devices[choose_device(devices, selector)]);
}

template <typename Handle> Handle handle_from(std::uint64_t object) {
  return reinterpret_cast<Handle>(object);
}

}  // namespace

DeviceOptions DeviceOptions::from_environment() {
  const char* selector = std::getenv("ASHLAR_DEVICE");
  DeviceOptions options;
  options.selector = selector ? selector : "";
  options.debug = debug_options_from_environment();
  return options;
}

Device::Device(DeviceOptions options)
    : options_(std::move(options)),
      instance_(std::make_unique<Instance>(options_.debug.validation)),
      physical_(select(instance_->handle(), options_.selector)) {
  create_device();
  try {
    pipeline_layout_ = create_pipeline_layout({});
    memory_ = std::make_unique<Memory>(*this);
    queue_ = std::make_unique<Queue>(*this);
    transfers_ = std::make_unique<Transfers>(*this);
  } catch (...) {
    queue_.reset();
    vkDestroyPipelineLayout(handle_, pipeline_layout_, nullptr);
    vkDestroyDevice(handle_, nullptr);
    throw;
  }
}

Device::~Device() {
  // Destroying what the device still uses is undefined; a hung device keeps its objects instead.
  if (!queue_->drain()) {
    (void)transfers_.release();
    (void)queue_.release();
    (void)memory_.release();
    (void)instance_.release();
    return;
  }
  transfers_.reset();
  queue_.reset();
  memory_.reset();
  vkDestroyPipelineLayout(handle_, pipeline_layout_, nullptr);
  vkDestroyDevice(handle_, nullptr);
}

void Device::create_device() {
  Features features(physical_.handle);
  features.keep_only_used();
  const std::vector<const char*> extensions = features.used_extensions();

  constexpr float kPriority = 1.0f;
  VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
  queue.queueFamilyIndex = physical_.queue_family;
  queue.queueCount = 1;
  queue.pQueuePriorities = &kPriority;

  VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features.core};
  info.queueCreateInfoCount = 1;
  info.pQueueCreateInfos = &queue;
  info.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  check_vulkan(vkCreateDevice(physical_.handle, &info, nullptr, &handle_), "vkCreateDevice");
  count_created();
  vkGetDeviceQueue(handle_, physical_.queue_family, 0, &vulkan_queue_);
}

VkPipelineLayout Device::create_pipeline_layout(std::span<const VkDescriptorSetLayout> sets) {
  constexpr VkPushConstantRange kRecord = {VK_SHADER_STAGE_COMPUTE_BIT, 0, kMaxPushedBytes};
  VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  info.setLayoutCount = static_cast<std::uint32_t>(sets.size());
  info.pSetLayouts = sets.data();
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &kRecord;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  check_vulkan(vkCreatePipelineLayout(handle_, &info, nullptr, &layout), "vkCreatePipelineLayout");
  count_created();
  return layout;
}

void Device::set_name(VkObjectType type, std::uint64_t object, const std::string& name) const {
  if (!debug_utils().set_object_name || name.empty())
    return;
  VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
  info.objectType = type;
  info.objectHandle = object;
  info.pObjectName = name.c_str();
  debug_utils().set_object_name(handle_, &info);
}

void Device::destroy(VkObjectType type, std::uint64_t object) noexcept {
  switch (type) {
  case VK_OBJECT_TYPE_BUFFER:
    return vkDestroyBuffer(handle_, handle_from<VkBuffer>(object), nullptr);
  case VK_OBJECT_TYPE_DEVICE_MEMORY:
    return memory_->free(handle_from<VkDeviceMemory>(object));
  case VK_OBJECT_TYPE_COMMAND_POOL:
    return vkDestroyCommandPool(handle_, handle_from<VkCommandPool>(object), nullptr);
  case VK_OBJECT_TYPE_BUFFER_VIEW:
    return vkDestroyBufferView(handle_, handle_from<VkBufferView>(object), nullptr);
  case VK_OBJECT_TYPE_DESCRIPTOR_POOL:
    return vkDestroyDescriptorPool(handle_, handle_from<VkDescriptorPool>(object), nullptr);
  case VK_OBJECT_TYPE_DESCRIPTOR_SET_LAYOUT:
    return vkDestroyDescriptorSetLayout(handle_, handle_from<VkDescriptorSetLayout>(object),
                                        nullptr);
  case VK_OBJECT_TYPE_PIPELINE:
    return vkDestroyPipeline(handle_, handle_from<VkPipeline>(object), nullptr);
  case VK_OBJECT_TYPE_PIPELINE_LAYOUT:
    return vkDestroyPipelineLayout(handle_, handle_from<VkPipelineLayout>(object), nullptr);
  case VK_OBJECT_TYPE_QUERY_POOL:
    return vkDestroyQueryPool(handle_, handle_from<VkQueryPool>(object), nullptr);
  default:
    assert(false && "the runtime makes no such objects");
  }
}

void Device::retire(VkObjectType type, std::uint64_t object) noexcept {
  if (queue_)
    queue_->retire(type, object);
  else
    destroy(type, object);
}

}  // namespace ashlar
