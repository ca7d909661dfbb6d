// SPDX-License-Identifier: Apache-2.0
#include "runtime/vulkan/describe.h"

#include "runtime/program/error.h"
#include "runtime/vulkan/device.h"

#include <nlohmann/json.hpp>

#include <optional>

namespace ashlar {
namespace {

std::uint64_t device_local_bytes(const PhysicalDevice& device) {
  std::uint64_t bytes = 0;
  for (std::uint32_t heap = 0; heap < device.memory.memoryHeapCount; ++heap)
    if (device.memory.memoryHeaps[heap].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT)
      bytes += device.memory.memoryHeaps[heap].size;
  return bytes;
}

std::string version_text(std::uint32_t version) {
  return fmt::format("{}.{}.{}", VK_API_VERSION_MAJOR(version), VK_API_VERSION_MINOR(version),
                     VK_API_VERSION_PATCH(version));
}

nlohmann::json to_json(const FloatControls& controls) {
  return {{"signed_zero_inf_nan_preserve", controls.signed_zero_inf_nan_preserve},
          {"denorm_preserve", controls.denorm_preserve},
          {"rounding_mode_rte", controls.rounding_mode_rte}};
}

nlohmann::json describe(const PhysicalDevice& device) {
  const DeviceProfile& p = device.profile;
  nlohmann::json matrices = nlohmann::json::array();
  for (const CooperativeMatrixShape& s : p.cooperative_matrices)
    matrices.push_back({{"m", s.m}, {"n", s.n}, {"k", s.k}, {"a", s.a}, {"b", s.b}, {"c", s.c}});
  return {{"name", p.name},
          {"kind", name_of(device.kind)},
          {"driver", p.driver},
          {"vulkan", version_text(device.api_version)},
          {"unsuitable", device.unsuitable},
          {"device_local_bytes", device_local_bytes(device)},
          {"max_allocation_bytes", device.max_allocation},
          {"host_import_alignment", device.host_import_alignment},
          {"pipeline_statistics", device.pipeline_statistics},
          {"subgroup_size", p.subgroup_size},
          {"min_subgroup_size", p.min_subgroup_size},
          {"max_subgroup_size", p.max_subgroup_size},
          {"max_workgroup_invocations", p.max_workgroup_invocations},
          {"shared_memory_bytes", p.shared_memory_bytes},
          {"compute_units", p.compute_units},
          {"max_loop_iterations", p.max_loop_iterations},
          {"shader_f16", p.shader_f16},
          {"shader_i8", p.shader_i8},
          {"shader_i16", p.shader_i16},
          {"shader_i64", p.shader_i64},
          {"storage_8bit", p.storage_8bit},
          {"storage_16bit", p.storage_16bit},
          {"float_controls_f16", to_json(p.float_controls_f16)},
          {"float_controls_f32", to_json(p.float_controls_f32)},
          {"subgroup_arithmetic", p.subgroup_arithmetic},
          {"subgroup_shuffle", p.subgroup_shuffle},
          {"subgroup_clustered", p.subgroup_clustered},
          {"subgroup_size_control", p.subgroup_size_control},
          {"integer_dot_product", p.integer_dot_product},
          {"memory_budget", p.memory_budget},
          {"max_texels", p.max_texels},
          {"bf16_cooperative_matrix", p.bf16_cooperative_matrix},
          {"cooperative_matrices", matrices},
          {"profile", to_string(p)}};
}

std::optional<std::size_t> default_device(const std::vector<PhysicalDevice>& devices) {
  try {
    return choose_device(devices, DeviceOptions::from_environment().selector);
  } catch (const NoDevice&) {
    return std::nullopt;
  }
}

std::string text_of(const nlohmann::json& device, std::size_t index) {
  const auto flag = [&](const char* key) { return device[key].get<bool>() ? "yes" : "no"; };
  std::string text =
      fmt::format("{}{}: {} ({}, Vulkan {}, {})\n", device["default"].get<bool>() ? "* " : "  ",
                  index, device["name"].get<std::string>(), device["kind"].get<std::string>(),
                  device["vulkan"].get<std::string>(), device["driver"].get<std::string>());
  if (const auto reason = device["unsuitable"].get<std::string>(); !reason.empty())
    return text + fmt::format("     cannot be used: {}\n", reason);
  text += fmt::format(
      "     memory {:.1f} GiB, subgroups of {}, {} KiB shared, "
      "{} cooperative matrix shapes\n",
      device["device_local_bytes"].get<double>() / (1 << 30), device["subgroup_size"].get<int>(),
      device["shared_memory_bytes"].get<int>() / 1024, device["cooperative_matrices"].size());
  text += fmt::format("     f16 {}, i8 {}, integer dot product {}, clustered subgroups {}, "
                      "bf16 matrices {}\n",
                      flag("shader_f16"), flag("shader_i8"), flag("integer_dot_product"),
                      flag("subgroup_clustered"), flag("bf16_cooperative_matrix"));
  return text;
}

}  // namespace

nlohmann::json describe_devices() {
  const Instance instance(/*validation=*/false);
  const std::vector<PhysicalDevice> devices = list_physical_devices(instance.handle());
  const std::optional<std::size_t> chosen = default_device(devices);
  nlohmann::json list = nlohmann::json::array();
  for (std::size_t i = 0; i < devices.size(); ++i) {
    list.push_back(describe(devices[i]));
    list.back()["index"] = i;
    list.back()["default"] = chosen == i;
  }
  return {{"devices", list}};
}

std::string describe_devices_text() {
  const nlohmann::json description = describe_devices();
  std::string text;
  for (std::size_t i = 0; i < description["devices"].size(); ++i)
    text += text_of(description["devices"][i], i);
  return text.empty() ? "no Vulkan devices\n" : text;
}

}  // namespace ashlar
