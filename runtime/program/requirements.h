// SPDX-License-Identifier: Apache-2.0
// What a program needs of a device, derived from its kernels, so that it can be refused before
// anything is allocated.
#pragma once

#include "runtime/program/device_profile.h"
#include "runtime/program/program.h"

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

namespace ashlar {

// A float control that an entry point declares: a SPIR-V execution mode for floats of one width.
struct FloatMode {
  std::uint32_t mode;
  std::uint32_t bits;
  auto operator<=>(const FloatMode&) const = default;
};

struct Requirements {
  std::vector<std::uint32_t> capabilities;    // SPIR-V capabilities, ascending
  std::vector<FloatMode> float_modes;         // ascending
  std::vector<std::uint32_t> subgroup_sizes;  // required ones, ascending
  std::array<std::uint32_t, 3> workgroup_size{};
  std::uint32_t workgroup_invocations = 0;
  std::array<std::uint32_t, 3> workgroup_count{};
  std::uint64_t texels = 0;  // of the largest texel buffer

  bool operator==(const Requirements&) const = default;
};

// The program must have passed verify().
Requirements requirements_of(const Program& program);

// Throws Unsupported, naming everything that the device lacks.
void check_requirements(const Requirements& requirements, const DeviceProfile& profile);

}  // namespace ashlar
