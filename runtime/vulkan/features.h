// SPDX-License-Identifier: Apache-2.0
// The feature structures of one physical device, chained for queries and device creation. The same
// chain first holds what the driver supports, then what we enable.
#pragma once

#include "runtime/vulkan/newer_extensions.h"

#include <set>
#include <string>
#include <vector>

namespace ashlar {

struct Features {
  // Reads what `device` supports.
  explicit Features(VkPhysicalDevice device);
  Features(const Features&) = delete;  // the chain points into itself
  Features& operator=(const Features&) = delete;

  bool has(const char* extension) const { return extensions.contains(extension); }
  // Names of required features that are missing; empty where the device can run Ashlar.
  std::vector<std::string> missing() const;
  // Turns off whatever Ashlar does not use.
  void keep_only_used();
  // The extensions to enable: those of our list that the device has.
  std::vector<const char*> used_extensions() const;

  std::set<std::string, std::less<>> extensions;
  VkPhysicalDeviceFeatures2 core{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
  VkPhysicalDeviceVulkan11Features v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES};
  VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR cooperative_matrix{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
  VkPhysicalDeviceShaderBfloat16FeaturesKHR bfloat16{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_BFLOAT16_FEATURES_KHR};
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR pipeline_executables{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR};

private:
  void link();
};

}  // namespace ashlar
