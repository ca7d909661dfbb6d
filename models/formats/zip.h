// SPDX-License-Identifier: Apache-2.0
// Zip archives in memory, through libzip.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ashlar {

// Every file of an archive by name. What is allocated is bounded by what deflate can make of the
// archive's bytes. Throws IoError or FormatError.
std::map<std::string, std::vector<std::byte>> read_zip(const std::filesystem::path& path);

struct ZipEntry {
  std::string name;
  std::span<const std::byte> data;  // read only during the call
};

// Stored, or deflated with `compress`. The archive appears complete or not at all, and replaces one
// of that name. Throws IoError.
void write_zip(const std::filesystem::path& path, std::span<const ZipEntry> entries, bool compress);

}  // namespace ashlar
