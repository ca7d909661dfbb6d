// SPDX-License-Identifier: Apache-2.0
// Linked into every test program of the sanitizers that opens a device: what these must know of
// drivers and libraries.
#include <dlfcn.h>

#include <initializer_list>

// The layer keeps some memory of every device that it has watched. Vulkan objects that we leak are
// reported by the layer itself.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:libVkLayer_khronos_validation";
}

// How these synchronise is not visible: they are not compiled with the thread sanitizer.
extern "C" const char* __tsan_default_suppressions() {
  return "race:libMLIR.so\nrace:libLLVM.so\nrace:libvulkan_lvp.so\n"
         "mutex:libMLIR.so\nmutex:libLLVM.so\n";
}

namespace {

// The loader unloads drivers and layers with the instance; what their globals still point to would
// then count as leaked.
[[gnu::constructor]] void keep_drivers() {
  for (const char* library : {"libvulkan_lvp.so", "libVkLayer_khronos_validation.so"})
    dlopen(library, RTLD_NOW | RTLD_NODELETE);
}

}  // namespace
