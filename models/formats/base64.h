// SPDX-License-Identifier: Apache-2.0
// Base64 with padding (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ashlar {

std::string encode_base64(std::string_view bytes);
// Nothing for text that is not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace ashlar
