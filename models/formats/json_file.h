// SPDX-License-Identifier: Apache-2.0
// JSON from untrusted files: bounded in size and nesting, with repeated keys refused.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace ashlar {

struct JsonLimits {
  std::uint64_t max_bytes = 16 << 20;
  int max_depth = 64;  // nested objects and arrays
};

// `file` names the text in messages. Throws FormatError for invalid JSON or UTF-8, numbers outside
// double's range, repeated keys and nesting beyond the limit. A leading byte order mark is skipped.
nlohmann::json parse_json(std::string_view text, std::string_view file, JsonLimits limits = {});

// The text with Infinity and -Infinity, which Python writes and JSON does not have, as null.
std::string infinities_as_null(std::string text);

// Throws IoError when the file cannot be read, and what parse_json throws.
nlohmann::json read_json_file(const std::filesystem::path& path, JsonLimits limits = {});

}  // namespace ashlar
