// SPDX-License-Identifier: Apache-2.0
// VkResult -> typed errors: OutOfMemory, DeviceLost, Unsupported, or plain Error.
#pragma once

#include <vulkan/vulkan_core.h>

#include <string_view>
#include <vector>

namespace ashlar {

std::string_view name_of(VkResult result);

// `call` names the failed call in the message. Success codes (>= 0) pass.
void check_vulkan(VkResult result, std::string_view call);

// The usual two calls of an enumeration: check_vulkan'd, repeated while the list grows.
template <typename T, typename Enumerate>
std::vector<T> enumerate_vulkan(std::string_view call, const T& empty, Enumerate&& enumerate) {
  std::vector<T> items;
  VkResult result = VK_INCOMPLETE;
  while (result == VK_INCOMPLETE) {
    std::uint32_t count = 0;
    check_vulkan(enumerate(&count, static_cast<T*>(nullptr)), call);
    items.assign(count, empty);
    result = enumerate(&count, items.data());
    check_vulkan(result, call);
    items.resize(count);
  }
  return items;
}

}  // namespace ashlar
