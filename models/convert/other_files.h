// SPDX-License-Identifier: Apache-2.0
// The files of a model folder that are neither config.json nor weights.
#pragma once

#include <filesystem>
#include <string_view>

namespace ashlar {

// Copies them from one folder to another, with those of the folders below that are not hidden.
// `unit` names the caller in errors. Throws IoError.
void copy_other_files(const std::filesystem::path& from, const std::filesystem::path& to,
                      std::string_view unit);

}  // namespace ashlar
