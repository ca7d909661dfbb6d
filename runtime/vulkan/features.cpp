// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/features.h"

#include "runtime/vulkan/check.h"

#include <array>

namespace ashlar {
namespace {

constexpr std::array kOptionalExtensions = {
    VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME,
    VK_KHR_SHADER_BFLOAT16_EXTENSION_NAME,
    VK_EXT_MEMORY_BUDGET_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME,
};

std::set<std::string, std::less<>> extension_names(VkPhysicalDevice device) {
  std::set<std::string, std::less<>> names;
  for (const VkExtensionProperties& extension : enumerate_vulkan<VkExtensionProperties>(
           "vkEnumerateDeviceExtensionProperties", {}, [&](auto* count, auto* items) {
             return vkEnumerateDeviceExtensionProperties(device, nullptr, count, items);
           }))
    names.insert(extension.extensionName);
  return names;
}

}  // namespace

Features::Features(VkPhysicalDevice device) : extensions(extension_names(device)) {
  link();
  vkGetPhysicalDeviceFeatures2(device, &core);
}

void Features::link() {
  core.pNext = &v11;
  v11.pNext = &v12;
  v12.pNext = &v13;
  void** tail = &v13.pNext;
  const auto append = [&](auto& structure) {
    *tail = &structure;
    tail = &structure.pNext;
  };
  if (has(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME))
    append(cooperative_matrix);
  if (has(VK_KHR_SHADER_BFLOAT16_EXTENSION_NAME))
    append(bfloat16);
  if (has(VK_KHR_PIPELINE_EXECUTABLE_PROPERTIES_EXTENSION_NAME))
    append(pipeline_executables);
}

std::vector<std::string> Features::missing() const {
  std::vector<std::string> names;
  const auto need = [&](VkBool32 supported, const char* name) {
    if (!supported)
      names.emplace_back(name);
  };
  need(core.features.shaderInt64, "shaderInt64");
  need(v12.bufferDeviceAddress, "bufferDeviceAddress");
  need(v12.timelineSemaphore, "timelineSemaphore");
  need(v12.scalarBlockLayout, "scalarBlockLayout");
  need(v12.vulkanMemoryModel, "vulkanMemoryModel");
  need(v12.vulkanMemoryModelDeviceScope, "vulkanMemoryModelDeviceScope");
  need(v13.synchronization2, "synchronization2");
  return names;
}

void Features::keep_only_used() {
  VkPhysicalDeviceFeatures used{};
  used.shaderInt16 = core.features.shaderInt16;
  used.shaderInt64 = core.features.shaderInt64;
  core.features = used;

  VkPhysicalDeviceVulkan11Features used11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES};
  used11.storageBuffer16BitAccess = v11.storageBuffer16BitAccess;
  v11 = used11;

  VkPhysicalDeviceVulkan12Features used12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  used12.storageBuffer8BitAccess = v12.storageBuffer8BitAccess;
  used12.shaderFloat16 = v12.shaderFloat16;
  used12.shaderInt8 = v12.shaderInt8;
  used12.scalarBlockLayout = v12.scalarBlockLayout;
  used12.shaderSubgroupExtendedTypes = v12.shaderSubgroupExtendedTypes;
  used12.timelineSemaphore = v12.timelineSemaphore;
  used12.bufferDeviceAddress = v12.bufferDeviceAddress;
  used12.vulkanMemoryModel = v12.vulkanMemoryModel;
  used12.vulkanMemoryModelDeviceScope = v12.vulkanMemoryModelDeviceScope;
  v12 = used12;

  VkPhysicalDeviceVulkan13Features used13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  used13.subgroupSizeControl = v13.subgroupSizeControl;
  used13.computeFullSubgroups = v13.computeFullSubgroups;
  used13.synchronization2 = v13.synchronization2;
  used13.shaderIntegerDotProduct = v13.shaderIntegerDotProduct;
  used13.maintenance4 = v13.maintenance4;
  v13 = used13;

  cooperative_matrix.cooperativeMatrixRobustBufferAccess = VK_FALSE;
  bfloat16.shaderBFloat16DotProduct = VK_FALSE;
  link();
}

std::vector<const char*> Features::used_extensions() const {
  std::vector<const char*> used;
  for (const char* name : kOptionalExtensions)
    if (has(name))
      used.push_back(name);
  return used;
}

}  // namespace ashlar
