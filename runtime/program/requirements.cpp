// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/requirements.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace ashlar {
namespace {

using Has = bool (*)(const DeviceProfile&);

// SPIR-V capability numbers (SPIR-V specification, section 3.31) and what they ask of a device.
struct Capability {
  std::uint32_t number;
  std::string_view name;
  Has has;
};

constexpr Has kAlways = [](const DeviceProfile&) { return true; };

constexpr std::array kCapabilities = {
    Capability{0, "Matrix", kAlways},
    Capability{1, "Shader", kAlways},
    Capability{9, "Float16", [](const DeviceProfile& p) { return p.shader_f16; }},
    Capability{11, "Int64", [](const DeviceProfile& p) { return p.shader_i64; }},
    Capability{22, "Int16", [](const DeviceProfile& p) { return p.shader_i16; }},
    Capability{39, "Int8", [](const DeviceProfile& p) { return p.shader_i8; }},
    Capability{46, "SampledBuffer", [](const DeviceProfile& p) { return p.max_texels > 0; }},
    Capability{61, "GroupNonUniform", kAlways},
    Capability{62, "GroupNonUniformVote", kAlways},
    Capability{63, "GroupNonUniformArithmetic",
               [](const DeviceProfile& p) { return p.subgroup_arithmetic; }},
    Capability{64, "GroupNonUniformBallot", kAlways},
    Capability{65, "GroupNonUniformShuffle",
               [](const DeviceProfile& p) { return p.subgroup_shuffle; }},
    Capability{66, "GroupNonUniformShuffleRelative",
               [](const DeviceProfile& p) { return p.subgroup_shuffle; }},
    Capability{67, "GroupNonUniformClustered",
               [](const DeviceProfile& p) { return p.subgroup_clustered; }},
    Capability{4433, "StorageBuffer16BitAccess",
               [](const DeviceProfile& p) { return p.storage_16bit; }},
    Capability{4448, "StorageBuffer8BitAccess",
               [](const DeviceProfile& p) { return p.storage_8bit; }},
    Capability{4464, "DenormPreserve", kAlways},  // the modes below ask for them
    Capability{4466, "SignedZeroInfNanPreserve", kAlways},
    Capability{4467, "RoundingModeRTE", kAlways},
    Capability{5116, "BFloat16TypeKHR",
               [](const DeviceProfile& p) { return p.bf16_cooperative_matrix; }},
    Capability{5118, "BFloat16CooperativeMatrixKHR",
               [](const DeviceProfile& p) { return p.bf16_cooperative_matrix; }},
    Capability{5345, "VulkanMemoryModel", kAlways},
    Capability{5346, "VulkanMemoryModelDeviceScope", kAlways},
    Capability{5347, "PhysicalStorageBufferAddresses", kAlways},
    Capability{6016, "DotProductInputAll", kAlways},
    Capability{6017, "DotProductInput4x8Bit", kAlways},
    Capability{6018, "DotProductInput4x8BitPacked", kAlways},
    Capability{6019, "DotProduct", kAlways},
    Capability{6022, "CooperativeMatrixKHR",
               [](const DeviceProfile& p) { return !p.cooperative_matrices.empty(); }},
};

// Execution modes (section 3.6) that ask for a float control.
struct FloatModeName {
  std::uint32_t mode;
  std::string_view name;
  bool FloatControls::* control;
};

constexpr std::array kFloatModes = {
    FloatModeName{4459, "DenormPreserve", &FloatControls::denorm_preserve},
    FloatModeName{4461, "SignedZeroInfNanPreserve", &FloatControls::signed_zero_inf_nan_preserve},
    FloatModeName{4462, "RoundingModeRTE", &FloatControls::rounding_mode_rte}};

struct ModuleNeeds {
  std::set<std::uint32_t> capabilities;
  std::set<FloatMode> float_modes;
};

// Reads what a module declares before its first function.
void collect_declarations(std::span<const std::uint32_t> words, ModuleNeeds& needs) {
  constexpr std::size_t kHeaderWords = 5;
  constexpr std::uint32_t kOpExecutionMode = 16, kOpCapability = 17, kOpFunction = 54;
  for (std::size_t at = kHeaderWords; at < words.size();) {
    const std::uint32_t opcode = words[at] & 0xffff, length = words[at] >> 16;
    if (opcode == kOpFunction || length == 0 || length > words.size() - at)
      return;
    if (opcode == kOpCapability && length == 2)
      needs.capabilities.insert(words[at + 1]);
    if (opcode == kOpExecutionMode && length == 4 &&
        std::ranges::find(kFloatModes, words[at + 2], &FloatModeName::mode) != kFloatModes.end())
      needs.float_modes.insert({.mode = words[at + 2], .bits = words[at + 3]});
    at += length;
  }
}

bool offers(const DeviceProfile& profile, const FloatMode& mode, bool FloatControls::* control) {
  return (mode.bits == 16 && profile.float_controls_f16.*control) ||
         (mode.bits == 32 && profile.float_controls_f32.*control);
}

}  // namespace

Requirements requirements_of(const Program& program) {
  Requirements needs;
  ModuleNeeds modules;
  std::set<std::uint32_t> subgroup_sizes;
  for (const Kernel& kernel : program.kernels) {
    collect_declarations(kernel.spirv, modules);
    if (kernel.subgroup_size != 0)
      subgroup_sizes.insert(kernel.subgroup_size);
    const auto& size = kernel.workgroup_size;
    needs.workgroup_invocations =
        std::max(needs.workgroup_invocations, size[0] * size[1] * size[2]);
    for (std::size_t axis = 0; axis < 3; ++axis)
      needs.workgroup_size[axis] = std::max(needs.workgroup_size[axis], size[axis]);
  }
  for (const Entry& entry : program.entries)
    for (const Command& command : entry.commands)
      if (const auto* dispatch = std::get_if<Dispatch>(&command)) {
        for (std::size_t axis = 0; axis < 3; ++axis)
          needs.workgroup_count[axis] =
              std::max(needs.workgroup_count[axis], dispatch->workgroups[axis]);
        for (std::uint32_t argument : program.kernels[dispatch->kernel].texels)
          needs.texels =
              std::max(needs.texels, texels_in(dispatch->arguments[argument].range.bytes));
      }
  needs.capabilities.assign(modules.capabilities.begin(), modules.capabilities.end());
  needs.float_modes.assign(modules.float_modes.begin(), modules.float_modes.end());
  needs.subgroup_sizes.assign(subgroup_sizes.begin(), subgroup_sizes.end());
  return needs;
}

void check_requirements(const Requirements& needs, const DeviceProfile& profile) {
  std::vector<std::string> lacking;
  for (std::uint32_t number : needs.capabilities) {
    const auto known = std::ranges::find(kCapabilities, number, &Capability::number);
    if (known == kCapabilities.end())
      lacking.push_back(fmt::format("SPIR-V capability {}", number));
    else if (!known->has(profile))
      lacking.push_back(fmt::format("SPIR-V capability {}", known->name));
  }
  for (const FloatMode& need : needs.float_modes) {
    const auto known = std::ranges::find(kFloatModes, need.mode, &FloatModeName::mode);
    if (known == kFloatModes.end() || !offers(profile, need, known->control))
      lacking.push_back(known == kFloatModes.end()
                            ? fmt::format("SPIR-V execution mode {}", need.mode)
                            : fmt::format("{} of {}-bit floats", known->name, need.bits));
  }
  for (std::uint32_t size : needs.subgroup_sizes) {
    const bool can_choose = profile.subgroup_size_control && profile.min_subgroup_size <= size &&
                            size <= profile.max_subgroup_size;
    if (size != profile.subgroup_size && !can_choose)
      lacking.push_back(fmt::format("subgroups of {} (it has {})", size, profile.subgroup_size));
  }
  const auto compare = [&](std::uint64_t need, std::uint64_t limit, std::string_view what) {
    if (need > limit)
      lacking.push_back(fmt::format("{} of {} (at most {})", what, need, limit));
  };
  compare(needs.workgroup_invocations, profile.max_workgroup_invocations, "workgroups");
  compare(needs.texels, profile.max_texels, "a texel buffer");
  for (std::size_t axis = 0; axis < 3; ++axis) {
    compare(needs.workgroup_size[axis], profile.max_workgroup_size[axis], "a workgroup size");
    compare(needs.workgroup_count[axis], profile.max_workgroup_count[axis], "a workgroup count");
  }
  if (!lacking.empty())
    throw Unsupported("program", "device '{}' lacks: {}; compile the program for this device",
                      profile.name, fmt::join(lacking, ", "));
}

}  // namespace ashlar
