// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/physical_device.h"

#include "runtime/program/error.h"
#include "runtime/program/program.h"
#include "runtime/vulkan/check.h"
#include "runtime/vulkan/features.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace ashlar {
namespace {

// lavapipe ends the loops of an invocation after 65,535 iterations without an error.
constexpr std::uint32_t kCpuLoopIterations = 60000;

struct Properties {
  explicit Properties(VkPhysicalDevice device, const Features& features) {
    core.pNext = &v11;
    v11.pNext = &v12;
    v12.pNext = &v13;
    void** tail = &v13.pNext;
    const auto append = [&](const char* extension, auto& structure) {
      if (!features.has(extension))
        return;
      *tail = &structure;
      tail = &structure.pNext;
    };
    append(VK_NV_SHADER_SM_BUILTINS_EXTENSION_NAME, nv);
    append(VK_AMD_SHADER_CORE_PROPERTIES_EXTENSION_NAME, amd);
    append(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME, host_memory);
    vkGetPhysicalDeviceProperties2(device, &core);
  }
  Properties(const Properties&) = delete;
  Properties& operator=(const Properties&) = delete;

  std::uint32_t compute_units() const {
    return nv.shaderSMCount +
           amd.shaderEngineCount * amd.shaderArraysPerEngineCount * amd.computeUnitsPerShaderArray;
  }

  VkPhysicalDeviceProperties2 core{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
  VkPhysicalDeviceVulkan11Properties v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES};
  VkPhysicalDeviceVulkan12Properties v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES};
  VkPhysicalDeviceVulkan13Properties v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
  VkPhysicalDeviceShaderSMBuiltinsPropertiesNV nv{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_SM_BUILTINS_PROPERTIES_NV};
  VkPhysicalDeviceShaderCorePropertiesAMD amd{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_CORE_PROPERTIES_AMD};
  VkPhysicalDeviceExternalMemoryHostPropertiesEXT host_memory{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT};
};

const char* component_name(VkComponentTypeKHR type) {
  if (type == VK_COMPONENT_TYPE_BFLOAT16_KHR)
    return "bf16";
  switch (type) {
  case VK_COMPONENT_TYPE_FLOAT16_KHR:
    return "f16";
  case VK_COMPONENT_TYPE_FLOAT32_KHR:
    return "f32";
  case VK_COMPONENT_TYPE_SINT8_KHR:
    return "i8";
  case VK_COMPONENT_TYPE_SINT32_KHR:
    return "i32";
  case VK_COMPONENT_TYPE_UINT8_KHR:
    return "u8";
  case VK_COMPONENT_TYPE_UINT32_KHR:
    return "u32";
  default:
    return nullptr;
  }
}

// The subgroup-scope shapes with one accumulator type that we have names for.
std::vector<CooperativeMatrixShape> cooperative_matrices(VkInstance instance,
                                                         VkPhysicalDevice device) {
  const auto query = reinterpret_cast<PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR>(
      vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
  if (!query)
    return {};
  VkCooperativeMatrixPropertiesKHR empty{};
  empty.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
  std::vector<CooperativeMatrixShape> shapes;
  for (const auto& p : enumerate_vulkan<VkCooperativeMatrixPropertiesKHR>(
           "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR", empty,
           [&](auto* count, auto* items) { return query(device, count, items); })) {
    const char* a = component_name(p.AType);
    const char* b = component_name(p.BType);
    const char* c = component_name(p.CType);
    if (p.scope == VK_SCOPE_SUBGROUP_KHR && !p.saturatingAccumulation && a && b && c &&
        p.CType == p.ResultType)
      shapes.push_back({p.MSize, p.NSize, p.KSize, a, b, c});
  }
  return shapes;
}

DeviceKind kind_of(VkPhysicalDeviceType type) {
  switch (type) {
  case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    return DeviceKind::discrete;
  case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
    return DeviceKind::integrated;
  case VK_PHYSICAL_DEVICE_TYPE_CPU:
    return DeviceKind::cpu;
  default:
    return DeviceKind::other;
  }
}

// Where the device ties a behaviour of all widths together, a kernel may ask for it in both or in
// neither (f64 is never used).
void read_float_controls(const VkPhysicalDeviceVulkan12Properties& v12, DeviceProfile& profile) {
  FloatControls& half = profile.float_controls_f16;
  FloatControls& single = profile.float_controls_f32;
  half = {.signed_zero_inf_nan_preserve = v12.shaderSignedZeroInfNanPreserveFloat16 != VK_FALSE,
          .denorm_preserve = v12.shaderDenormPreserveFloat16 != VK_FALSE,
          .rounding_mode_rte = v12.shaderRoundingModeRTEFloat16 != VK_FALSE};
  single = {.signed_zero_inf_nan_preserve = v12.shaderSignedZeroInfNanPreserveFloat32 != VK_FALSE,
            .denorm_preserve = v12.shaderDenormPreserveFloat32 != VK_FALSE,
            .rounding_mode_rte = v12.shaderRoundingModeRTEFloat32 != VK_FALSE};
  if (v12.denormBehaviorIndependence == VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE)
    half.denorm_preserve = single.denorm_preserve = half.denorm_preserve && single.denorm_preserve;
  if (v12.roundingModeIndependence == VK_SHADER_FLOAT_CONTROLS_INDEPENDENCE_NONE)
    half.rounding_mode_rte = single.rounding_mode_rte =
        half.rounding_mode_rte && single.rounding_mode_rte;
}

// Whether ranges of buffers, which start at multiples of kTexelBytes, can be texel buffers.
bool reads_texels(VkPhysicalDevice device, const VkPhysicalDeviceLimits& limits) {
  VkFormatProperties format;
  vkGetPhysicalDeviceFormatProperties(device, kTexelFormat, &format);
  return (format.bufferFeatures & VK_FORMAT_FEATURE_UNIFORM_TEXEL_BUFFER_BIT) &&
         kTexelBytes % limits.minTexelBufferOffsetAlignment == 0;
}

DeviceProfile read_profile(VkPhysicalDevice device, const Properties& properties,
                           const Features& features) {
  const VkPhysicalDeviceProperties& core = properties.core.properties;
  const VkPhysicalDeviceLimits& limits = core.limits;
  DeviceProfile p;
  p.name = core.deviceName;
  p.driver = fmt::format("{} {}", properties.v12.driverName, properties.v12.driverInfo);
  p.is_cpu = core.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
  p.subgroup_size = properties.v11.subgroupSize;
  p.min_subgroup_size = properties.v13.minSubgroupSize;
  p.max_subgroup_size = properties.v13.maxSubgroupSize;
  p.max_workgroup_invocations = limits.maxComputeWorkGroupInvocations;
  std::copy_n(limits.maxComputeWorkGroupSize, 3, p.max_workgroup_size.begin());
  std::copy_n(limits.maxComputeWorkGroupCount, 3, p.max_workgroup_count.begin());
  p.shared_memory_bytes = limits.maxComputeSharedMemorySize;
  p.compute_units = properties.compute_units();
  if (reads_texels(device, limits))
    p.max_texels = limits.maxTexelBufferElements;
  p.max_loop_iterations = p.is_cpu ? kCpuLoopIterations : 0;
  p.shader_f16 = features.v12.shaderFloat16;
  p.shader_i8 = features.v12.shaderInt8;
  p.shader_i16 = features.core.features.shaderInt16;
  p.shader_i64 = features.core.features.shaderInt64;
  p.storage_8bit = features.v12.storageBuffer8BitAccess;
  p.storage_16bit = features.v11.storageBuffer16BitAccess;
  read_float_controls(properties.v12, p);
  const VkSubgroupFeatureFlags operations = properties.v11.subgroupSupportedOperations;
  p.subgroup_arithmetic = operations & VK_SUBGROUP_FEATURE_ARITHMETIC_BIT;
  p.subgroup_shuffle = operations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT;
  p.subgroup_clustered = operations & VK_SUBGROUP_FEATURE_CLUSTERED_BIT;
  p.subgroup_size_control =
      features.v13.subgroupSizeControl &&
      (properties.v13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT);
  p.integer_dot_product = properties.v13.integerDotProduct4x8BitPackedSignedAccelerated;
  p.memory_budget = features.has(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
  p.bf16_cooperative_matrix = features.bfloat16.shaderBFloat16CooperativeMatrix;
  return p;
}

bool imports_host_memory(VkPhysicalDevice device, const Features& features) {
  if (!features.has(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME))
    return false;
  VkPhysicalDeviceExternalBufferInfo info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO};
  info.usage = kBufferUsage;
  info.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  VkExternalBufferProperties properties{VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
  vkGetPhysicalDeviceExternalBufferProperties(device, &info, &properties);
  return properties.externalMemoryProperties.externalMemoryFeatures &
         VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

// A family without graphics is preferred: on some drivers it schedules compute independently.
std::optional<std::uint32_t> compute_family(const std::vector<VkQueueFamilyProperties>& families) {
  std::optional<std::uint32_t> with_graphics;
  for (std::uint32_t i = 0; i < families.size(); ++i) {
    const VkQueueFlags flags = families[i].queueFlags;
    if (!(flags & VK_QUEUE_COMPUTE_BIT))
      continue;
    if (!(flags & VK_QUEUE_GRAPHICS_BIT))
      return i;
    if (!with_graphics)
      with_graphics = i;
  }
  return with_graphics;
}

PhysicalDevice describe(VkInstance instance, VkPhysicalDevice handle) {
  PhysicalDevice device;
  device.handle = handle;
  VkPhysicalDeviceProperties basic;
  vkGetPhysicalDeviceProperties(handle, &basic);
  device.kind = kind_of(basic.deviceType);
  device.api_version = basic.apiVersion;
  device.profile.name = basic.deviceName;
  if (basic.apiVersion < VK_API_VERSION_1_3) {
    device.unsuitable =
        fmt::format("offers Vulkan {}.{}, needs 1.3", VK_API_VERSION_MAJOR(basic.apiVersion),
                    VK_API_VERSION_MINOR(basic.apiVersion));
    return device;
  }

  const Features features(handle);
  const Properties properties(handle, features);
  device.profile = read_profile(handle, properties, features);
  if (features.cooperative_matrix.cooperativeMatrix)
    device.profile.cooperative_matrices = cooperative_matrices(instance, handle);
  device.timestamp_period = basic.limits.timestampPeriod;
  device.pipeline_statistics = features.pipeline_executables.pipelineExecutableInfo;
  device.max_allocation =
      std::min(properties.v11.maxMemoryAllocationSize, properties.v13.maxBufferSize);
  if (imports_host_memory(handle, features))
    device.host_import_alignment = properties.host_memory.minImportedHostPointerAlignment;
  vkGetPhysicalDeviceMemoryProperties(handle, &device.memory);

  std::uint32_t count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  vkGetPhysicalDeviceQueueFamilyProperties(handle, &count, families.data());
  const auto family = compute_family(families);
  std::vector<std::string> missing = features.missing();
  if (family) {
    device.queue_family = *family;
    device.queue_timestamps = families[*family].timestampValidBits != 0;
  } else {
    missing.emplace_back("a compute queue");
  }
  if (!missing.empty())
    device.unsuitable = fmt::format("lacks {}", fmt::join(missing, ", "));
  return device;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

bool matches(const PhysicalDevice& device, std::size_t index, std::string_view selector) {
  if (selector == "cpu")
    return device.kind == DeviceKind::cpu;
  std::size_t wanted = 0;
  const char* end = selector.data() + selector.size();
  if (const auto parsed = std::from_chars(selector.data(), end, wanted); parsed.ptr == end)
    return parsed.ec == std::errc{} && wanted == index;
  return lower(device.profile.name).find(lower(selector)) != std::string::npos;
}

[[noreturn]] void no_device(std::span<const PhysicalDevice> devices, std::string_view selector) {
  std::string list;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const PhysicalDevice& device = devices[i];
    const std::string_view reason = device.unsuitable.empty() ? "usable, but not asked for"
                                                              : std::string_view(device.unsuitable);
    list +=
        fmt::format("\n  {}: {} ({}): {}", i, device.profile.name, name_of(device.kind), reason);
  }
  if (devices.empty())
    list = " none; a CPU driver (Mesa lavapipe) will do";
  const std::string wanted =
      selector.empty() ? "" : fmt::format(" for ASHLAR_DEVICE='{}'", selector);
  throw NoDevice("vulkan", "no usable device{}; devices found:{}", wanted, list);
}

}  // namespace

std::string_view name_of(DeviceKind kind) {
  switch (kind) {
  case DeviceKind::discrete:
    return "discrete";
  case DeviceKind::integrated:
    return "integrated";
  case DeviceKind::cpu:
    return "cpu";
  case DeviceKind::other:
    return "other";
  }
  return "?";
}

std::vector<PhysicalDevice> list_physical_devices(VkInstance instance) {
  std::vector<PhysicalDevice> devices;
  for (VkPhysicalDevice handle : enumerate_vulkan<VkPhysicalDevice>(
           "vkEnumeratePhysicalDevices", VK_NULL_HANDLE, [&](auto* count, auto* items) {
             return vkEnumeratePhysicalDevices(instance, count, items);
           }))
    devices.push_back(describe(instance, handle));
  return devices;
}

std::size_t choose_device(std::span<const PhysicalDevice> devices, std::string_view selector) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < devices.size(); ++i) {
    if (!devices[i].unsuitable.empty() || (!selector.empty() && !matches(devices[i], i, selector)))
      continue;
    if (!best || devices[i].kind < devices[*best].kind)
      best = i;
  }
  if (!best)
    no_device(devices, selector);
  return *best;
}

}  // namespace ashlar
