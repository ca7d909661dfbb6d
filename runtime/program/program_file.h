// SPDX-License-Identifier: Apache-2.0
// Compiled programs on disk: everything that `ashlar-run` needs besides the checkpoint.
//
//   u8[8] magic   u32 format version   u32 kernel ABI version   u64 payload bytes
//   u64 payload hash
//   payload: requirements, kernels, weight manifest (name, dtype, shape, place), constants, states,
//            entries, decoder manifest
//
// Little-endian; the hash is XXH3-64. There is no compatibility between versions. Reading checks
// everything before it returns: truncation, trailing bytes, any flipped bit and any inconsistency
// are FormatErrors, and memory stays within a constant factor of the file.
#pragma once

#include "runtime/program/program.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar {

inline constexpr std::uint32_t kProgramFormatVersion = 7;
inline constexpr std::uint32_t kKernelAbiVersion = 2;  // of the dispatch record, see program.h

// Throws FormatError where the program does not pass verify().
std::vector<std::byte> serialize_program(const Program& program);

// `name` is the file, for messages.
Program parse_program(std::span<const std::byte> bytes, std::string_view name);

// The file appears complete or not at all. Throws IoError.
void save_program(const Program& program, const std::filesystem::path& path);
Program load_program(const std::filesystem::path& path);

}  // namespace ashlar
