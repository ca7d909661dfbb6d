// SPDX-License-Identifier: Apache-2.0
// SPIRV-Tools' validator, for tests and tools: the compiler itself does not link it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace ashlar::codegen {

// What the validator rejects, for Vulkan 1.3; empty if nothing. Modules with capabilities that the
// installed validator is too old to know (cooperative matrices, bfloat16) count as valid.
std::string spirv_errors(std::span<const std::uint32_t> words);

}  // namespace ashlar::codegen
