// SPDX-License-Identifier: Apache-2.0
// Which devices there are, what they can do, and which one to use.
#pragma once

#include "runtime/program/device_profile.h"

#include <vulkan/vulkan_core.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// What all our buffers may be used for.
inline constexpr VkBufferUsageFlags kBufferUsage =
    VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
    VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT |
    VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT;
// Of texel buffers: kTexelBytes each.
inline constexpr VkFormat kTexelFormat = VK_FORMAT_R32G32B32A32_UINT;

enum class DeviceKind : std::uint8_t { discrete, integrated, cpu, other };

std::string_view name_of(DeviceKind kind);

struct PhysicalDevice {
  VkPhysicalDevice handle = VK_NULL_HANDLE;
  DeviceKind kind = DeviceKind::other;
  DeviceProfile profile;
  std::uint32_t api_version = 0;
  std::uint32_t queue_family = 0;  // the compute family we would use
  bool queue_timestamps = false;
  double timestamp_period = 0;       // nanoseconds per tick
  bool pipeline_statistics = false;  // VK_KHR_pipeline_executable_properties
  std::uint64_t max_allocation = 0;
  std::uint64_t host_import_alignment = 0;  // of host memory that can become a buffer; 0: none can
  VkPhysicalDeviceMemoryProperties memory{};
  std::string unsuitable;  // why Ashlar cannot use it; empty where it can
};

std::vector<PhysicalDevice> list_physical_devices(VkInstance instance);

// The index of the device to use. `selector` is the value of ASHLAR_DEVICE: an index into
// `devices`, "cpu", or a part of a device name in any case; empty means the first discrete device,
// else an integrated one, else a CPU driver. Throws NoDevice, naming every device with its reason.
std::size_t choose_device(std::span<const PhysicalDevice> devices, std::string_view selector);

}  // namespace ashlar
