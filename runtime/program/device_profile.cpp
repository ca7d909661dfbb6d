// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/device_profile.h"

#include <fmt/ranges.h>

namespace ashlar {
namespace {

// Mesa 22.3.6, read from the driver.
DeviceProfile lavapipe() {
  DeviceProfile p;
  p.name = "lavapipe";
  p.driver = "llvmpipe Mesa 22.3.6 (LLVM 15.0.6)";
  p.is_cpu = true;
  p.subgroup_size = p.min_subgroup_size = p.max_subgroup_size = 8;
  p.max_workgroup_invocations = 1024;
  p.max_workgroup_size = {1024, 1024, 1024};
  p.max_workgroup_count = {65535, 65535, 65535};
  p.shared_memory_bytes = 32 * 1024;
  p.max_texels = 1 << 27;
  p.max_loop_iterations = 60000;
  p.shader_f16 = p.shader_i8 = p.shader_i16 = p.shader_i64 = true;
  p.storage_8bit = p.storage_16bit = true;
  p.subgroup_arithmetic = p.subgroup_shuffle = p.subgroup_size_control = true;
  p.float_controls_f16 =
      p.float_controls_f32 = {.signed_zero_inf_nan_preserve = true, .rounding_mode_rte = true};
  return p;
}

// What every recent GPU offers.
DeviceProfile gpu(std::string name, std::uint32_t subgroup_size) {
  DeviceProfile p;
  p.name = std::move(name);
  p.driver = "fixture";
  p.subgroup_size = p.min_subgroup_size = p.max_subgroup_size = subgroup_size;
  p.max_workgroup_invocations = 1024;
  p.max_workgroup_size = {1024, 1024, 64};
  p.max_workgroup_count = {2147483647, 65535, 65535};
  p.shared_memory_bytes = 48 * 1024;
  p.max_texels = 1 << 27;
  p.shader_f16 = p.shader_i8 = p.shader_i16 = p.shader_i64 = true;
  p.storage_8bit = p.storage_16bit = true;
  p.float_controls_f16 = p.float_controls_f32 = {
      .signed_zero_inf_nan_preserve = true, .denorm_preserve = true, .rounding_mode_rte = true};
  p.subgroup_arithmetic = p.subgroup_shuffle = p.subgroup_clustered = true;
  p.subgroup_size_control = p.integer_dot_product = p.memory_budget = true;
  return p;
}

// Driver 580.159.04, read from the driver.
DeviceProfile nvidia_h200() {
  DeviceProfile p = gpu("nvidia-h200", 32);
  p.compute_units = 132;
  p.bf16_cooperative_matrix = true;
  for (const char* accumulator : {"f16", "f32"})
    p.cooperative_matrices.insert(p.cooperative_matrices.end(),
                                  {{16, 16, 16, "f16", "f16", accumulator},
                                   {16, 8, 16, "f16", "f16", accumulator},
                                   {16, 8, 8, "f16", "f16", accumulator}});
  p.cooperative_matrices.push_back({16, 16, 16, "bf16", "bf16", "f32"});
  p.cooperative_matrices.insert(p.cooperative_matrices.end(), {{16, 16, 32, "i8", "i8", "i32"},
                                                               {16, 8, 32, "i8", "i8", "i32"},
                                                               {16, 16, 32, "u8", "u8", "u32"},
                                                               {16, 8, 32, "u8", "u8", "u32"}});
  return p;
}

DeviceProfile amd_rdna() {
  DeviceProfile p = gpu("amd-rdna", 64);
  p.min_subgroup_size = 32;
  p.max_workgroup_size = {1024, 1024, 1024};
  p.max_workgroup_count = {4294967295, 65535, 65535};
  p.shared_memory_bytes = 64 * 1024;
  p.compute_units = 96;
  p.cooperative_matrices = {{16, 16, 16, "f16", "f16", "f32"}, {16, 16, 16, "i8", "i8", "i32"}};
  return p;
}

DeviceProfile intel_xe() {
  DeviceProfile p = gpu("intel-xe", 16);
  p.min_subgroup_size = 8;
  p.max_subgroup_size = 32;
  p.max_workgroup_size = {1024, 1024, 1024};
  p.max_workgroup_count = {65535, 65535, 65535};
  p.shared_memory_bytes = 64 * 1024;
  return p;
}

struct Fixture {
  std::string_view name;
  DeviceProfile (*make)();
};

constexpr std::array kFixtures = {Fixture{"lavapipe", lavapipe},
                                  Fixture{"nvidia-h200", nvidia_h200},
                                  Fixture{"amd-rdna", amd_rdna}, Fixture{"intel-xe", intel_xe}};

}  // namespace

std::string to_string(const FloatControls& controls) {
  return fmt::format("signed_zero_inf_nan:{:d},denorm:{:d},rte:{:d}",
                     controls.signed_zero_inf_nan_preserve, controls.denorm_preserve,
                     controls.rounding_mode_rte);
}

std::string to_string(const DeviceProfile& p) {
  std::vector<std::string> matrices;
  for (const CooperativeMatrixShape& s : p.cooperative_matrices)
    matrices.push_back(fmt::format("{}x{}x{}:{}*{}+{}", s.m, s.n, s.k, s.a, s.b, s.c));
  return fmt::format(
      "name={} driver={} is_cpu={:d} subgroup_size={} ({}..{}) max_workgroup_invocations={} "
      "max_workgroup_size={} max_workgroup_count={} shared_memory_bytes={} max_texels={} "
      "compute_units={} "
      "max_loop_iterations={} shader_f16={:d} shader_i8={:d} shader_i16={:d} shader_i64={:d} "
      "storage_8bit={:d} storage_16bit={:d} float_controls_f16={} float_controls_f32={} "
      "subgroup_arithmetic={:d} subgroup_shuffle={:d} "
      "subgroup_clustered={:d} subgroup_size_control={:d} integer_dot_product={:d} "
      "memory_budget={:d} bf16_cooperative_matrix={:d} cooperative_matrices=[{}]",
      p.name, p.driver, p.is_cpu, p.subgroup_size, p.min_subgroup_size, p.max_subgroup_size,
      p.max_workgroup_invocations, fmt::join(p.max_workgroup_size, "x"),
      fmt::join(p.max_workgroup_count, "x"), p.shared_memory_bytes, p.max_texels, p.compute_units,
      p.max_loop_iterations, p.shader_f16, p.shader_i8, p.shader_i16, p.shader_i64, p.storage_8bit,
      p.storage_16bit, to_string(p.float_controls_f16), to_string(p.float_controls_f32),
      p.subgroup_arithmetic, p.subgroup_shuffle, p.subgroup_clustered, p.subgroup_size_control,
      p.integer_dot_product, p.memory_budget, p.bf16_cooperative_matrix, fmt::join(matrices, " "));
}

std::optional<DeviceProfile> find_profile_fixture(std::string_view name) {
  for (const Fixture& fixture : kFixtures)
    if (fixture.name == name)
      return fixture.make();
  return std::nullopt;
}

std::vector<std::string> profile_fixture_names() {
  std::vector<std::string> names;
  for (const Fixture& fixture : kFixtures)
    names.emplace_back(fixture.name);
  return names;
}

}  // namespace ashlar
