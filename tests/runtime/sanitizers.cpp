// SPDX-License-Identifier: Apache-2.0
// Linked into every test program that opens a device: what the leak checker must know of drivers.
#include <dlfcn.h>

#include <initializer_list>

// The layer keeps some memory of every device that it has watched. Vulkan objects that we leak are
// reported by the layer itself.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libVkLayer_khronos_validation";
}

namespace {

// The loader unloads drivers and layers with the instance; what their globals still point to would
// then count as leaked.
[[gnu::constructor]] void keep_drivers() {
  for (const char* library : {"libvulkan_lvp.so", "libVkLayer_khronos_validation.so"})
    dlopen(library, RTLD_NOW | RTLD_NODELETE);
}

}  // namespace
