// SPDX-License-Identifier: Apache-2.0
// Edits of finished SPIR-V modules.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar::codegen {

// The module with its only entry point renamed. Requires a module of our own making.
std::vector<std::uint32_t> with_entry_point(std::span<const std::uint32_t> words,
                                            std::string_view name);

}  // namespace ashlar::codegen
