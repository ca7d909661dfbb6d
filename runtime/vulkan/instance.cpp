// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/instance.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/check.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace ashlar {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL collect_message(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                               VkDebugUtilsMessageTypeFlagsEXT,
                                               const VkDebugUtilsMessengerCallbackDataEXT* data,
                                               void* user) {
  const std::string_view id = data->pMessageIdName ? data->pMessageIdName : "";
  if (id == "Loader Message")
    return VK_FALSE;
  std::fprintf(stderr, "[validation] %s\n", data->pMessage);
  static_cast<ValidationLog*>(user)->add(data->pMessage);
  return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messenger_info(ValidationLog& log) {
  VkDebugUtilsMessengerCreateInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
  info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT |
                         VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType =
      VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_TYPE_GENERAL_BIT_EXT;
  info.pfnUserCallback = collect_message;
  info.pUserData = &log;
  return info;
}

bool has_instance_extension(std::string_view name) {
  const auto extensions = enumerate_vulkan<VkExtensionProperties>(
      "vkEnumerateInstanceExtensionProperties", {}, [](auto* count, auto* items) {
        return vkEnumerateInstanceExtensionProperties(nullptr, count, items);
      });
  return std::ranges::any_of(extensions, [&](const auto& e) { return e.extensionName == name; });
}

bool has_validation_layer() {
  const auto layers = enumerate_vulkan<VkLayerProperties>("vkEnumerateInstanceLayerProperties", {},
                                                          vkEnumerateInstanceLayerProperties);
  return std::ranges::any_of(
      layers, [](const auto& l) { return std::string_view(l.layerName) == kValidationLayer; });
}

}  // namespace

void ValidationLog::add(std::string message) {
  const std::lock_guard lock(mutex_);
  messages_.push_back(std::move(message));
}

std::vector<std::string> ValidationLog::messages() const {
  const std::lock_guard lock(mutex_);
  return messages_;
}

void ValidationLog::clear() {
  const std::lock_guard lock(mutex_);
  messages_.clear();
}

Instance::Instance(bool validation) {
  if (validation && !has_validation_layer())
    throw Unsupported("vulkan",
                      "{} is not installed: install the Vulkan validation layers or leave "
                      "'validation' out of ASHLAR_DEBUG",
                      kValidationLayer);
  const bool has_debug_utils = has_instance_extension(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  create(validation, has_debug_utils);
  if (!has_debug_utils)
    return;
  const auto load = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(
        vkGetInstanceProcAddr(handle_, name));
  };
  load(debug_utils_.set_object_name, "vkSetDebugUtilsObjectNameEXT");
  load(debug_utils_.begin_label, "vkCmdBeginDebugUtilsLabelEXT");
  load(debug_utils_.end_label, "vkCmdEndDebugUtilsLabelEXT");
  if (!validation)
    return;
  PFN_vkCreateDebugUtilsMessengerEXT create_messenger = nullptr;
  load(create_messenger, "vkCreateDebugUtilsMessengerEXT");
  const VkDebugUtilsMessengerCreateInfoEXT info = messenger_info(*log_);
  const VkResult result = create_messenger(handle_, &info, nullptr, &messenger_);
  if (result != VK_SUCCESS)
    vkDestroyInstance(handle_, nullptr);
  check_vulkan(result, "vkCreateDebugUtilsMessengerEXT");
}

void Instance::create(bool validation, bool has_debug_utils) {
  VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
  application.pApplicationName = "ashlar";
  application.apiVersion = VK_API_VERSION_1_3;

  constexpr std::array kEnabled = {VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT};
  VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info(*log_);
  VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT, &messenger};
  features.enabledValidationFeatureCount = kEnabled.size();
  features.pEnabledValidationFeatures = kEnabled.data();

  std::vector<const char*> extensions;
  if (has_debug_utils)
    extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  if (validation)
    extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);

  VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  info.pNext = validation ? &features : nullptr;
  info.pApplicationInfo = &application;
  info.enabledLayerCount = validation ? 1 : 0;
  info.ppEnabledLayerNames = &kValidationLayer;
  info.enabledExtensionCount = static_cast<std::uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  const VkResult result = vkCreateInstance(&info, nullptr, &handle_);
  if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
    throw NoDevice("vulkan", "no Vulkan driver is installed: a CPU driver (Mesa lavapipe) will do");
  check_vulkan(result, "vkCreateInstance");
}

Instance::~Instance() {
  if (messenger_ != VK_NULL_HANDLE) {
    const auto destroy = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(handle_, "vkDestroyDebugUtilsMessengerEXT"));
    destroy(handle_, messenger_, nullptr);
  }
  vkDestroyInstance(handle_, nullptr);
}

}  // namespace ashlar
