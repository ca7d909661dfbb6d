// SPDX-License-Identifier: Apache-2.0
#include "codegen/validate_spirv.h"

#include <spirv-tools/libspirv.hpp>

#include <array>

namespace ashlar::codegen {

static bool beyond_validator(std::span<const std::uint32_t> words) {
  constexpr std::array kNewCapabilities = {5116u, 5117u, 5118u, 6022u};  // bfloat16, cooperative
  constexpr std::uint32_t kOpCapability = 2u << 16 | 17u;
  // Capabilities are the first instructions after the header of 5 words.
  for (std::size_t at = 5; at + 1 < words.size() && words[at] == kOpCapability; at += 2)
    for (std::uint32_t capability : kNewCapabilities)
      if (words[at + 1] == capability)
        return true;
  return false;
}

std::string spirv_errors(std::span<const std::uint32_t> words) {
  if (beyond_validator(words))
    return {};
  std::string messages;
  spvtools::SpirvTools tools(SPV_ENV_VULKAN_1_3);
  tools.SetMessageConsumer(
      [&](spv_message_level_t, const char*, const spv_position_t& position, const char* message) {
        messages += message;
        messages += " (word " + std::to_string(position.index) + ") ";
      });
  if (tools.Validate(words.data(), words.size()))
    return {};
  return messages.empty() ? "rejected without a message" : messages;
}

}  // namespace ashlar::codegen
