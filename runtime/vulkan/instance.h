// SPDX-License-Identifier: Apache-2.0
// The Vulkan instance and, where asked for, its validation layers.
#pragma once

#include <vulkan/vulkan.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ashlar {

// Warnings and errors of the validation layers, in order of arrival. Outlives the device, so that
// objects leaked until its destruction are seen. Thread-safe.
class ValidationLog {
public:
  void add(std::string message);
  std::vector<std::string> messages() const;
  void clear();

private:
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
};

// Functions of VK_EXT_debug_utils; null where the extension is absent.
struct DebugUtils {
  PFN_vkSetDebugUtilsObjectNameEXT set_object_name = nullptr;
  PFN_vkCmdBeginDebugUtilsLabelEXT begin_label = nullptr;
  PFN_vkCmdEndDebugUtilsLabelEXT end_label = nullptr;
};

class Instance {
public:
  // Validation means core and synchronization checks. Throws Unsupported where the layer is absent,
  // NoDevice where no Vulkan driver is installed.
  explicit Instance(bool validation);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  VkInstance handle() const { return handle_; }
  const DebugUtils& debug_utils() const { return debug_utils_; }
  const std::shared_ptr<ValidationLog>& validation_log() const { return log_; }

private:
  void create(bool validation, bool has_debug_utils);

  VkInstance handle_ = VK_NULL_HANDLE;
  VkDebugUtilsMessengerEXT messenger_ = VK_NULL_HANDLE;
  DebugUtils debug_utils_;
  std::shared_ptr<ValidationLog> log_ = std::make_shared<ValidationLog>();
};

}  // namespace ashlar
