// SPDX-License-Identifier: Apache-2.0
// What the compiler may assume of a device. Read from the driver, never from a list of names; the
// named fixtures stand for devices that are not present (tests, ahead-of-time compilation).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

// One shape of VK_KHR_cooperative_matrix: C[m,n] += A[m,k] * B[k,n].
struct CooperativeMatrixShape {
  std::uint32_t m, n, k;
  std::string a, b, c;  // "f16", "bf16", "f32", "i8", "u8", "i32", "u32"
  bool operator==(const CooperativeMatrixShape&) const = default;
};

// What a device promises about floats of one width where a kernel declares it (SPIR-V's float
// controls).
struct FloatControls {
  bool signed_zero_inf_nan_preserve = false;
  bool denorm_preserve = false;
  bool rounding_mode_rte = false;  // to nearest, ties to even
  bool operator==(const FloatControls&) const = default;
};

struct DeviceProfile {
  std::string name;    // for messages only
  std::string driver;  // driver name and version, part of cache keys
  bool is_cpu = false;
  std::uint32_t subgroup_size = 0;      // what a kernel gets that requires none
  std::uint32_t min_subgroup_size = 0;  // the range that a kernel may require, where there is
  std::uint32_t max_subgroup_size = 0;  // subgroup_size_control
  std::uint32_t max_workgroup_invocations = 0;
  std::array<std::uint32_t, 3> max_workgroup_size{};
  std::array<std::uint32_t, 3> max_workgroup_count{};
  std::uint32_t shared_memory_bytes = 0;
  // Texels of 16 bytes that a kernel can read through one texel buffer; 0 where it can read none.
  std::uint32_t max_texels = 0;
  std::uint32_t compute_units = 0;  // multiprocessors where the driver tells, else 0
  // Loop iterations one invocation may run in total, all its loops together; 0 = no limit.
  // lavapipe ends loops silently after 65,535.
  std::uint32_t max_loop_iterations = 0;

  bool shader_f16 = false;
  bool shader_i8 = false;
  bool shader_i16 = false;
  bool shader_i64 = false;
  bool storage_8bit = false;
  bool storage_16bit = false;
  FloatControls float_controls_f16, float_controls_f32;
  bool subgroup_arithmetic = false;
  bool subgroup_shuffle = false;
  bool subgroup_clustered = false;
  bool subgroup_size_control = false;  // a required subgroup size may be set
  bool integer_dot_product = false;
  bool memory_budget = false;  // VK_EXT_memory_budget
  bool bf16_cooperative_matrix = false;
  std::vector<CooperativeMatrixShape> cooperative_matrices;

  bool operator==(const DeviceProfile&) const = default;
};

std::string to_string(const FloatControls& controls);
// One line of text that holds every field: the device part of cache keys.
std::string to_string(const DeviceProfile& profile);

// "lavapipe", "nvidia-h200", "amd-rdna" (subgroup 64), "intel-xe" (subgroup 16).
std::optional<DeviceProfile> find_profile_fixture(std::string_view name);
std::vector<std::string> profile_fixture_names();

}  // namespace ashlar
