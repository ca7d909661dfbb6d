// SPDX-License-Identifier: Apache-2.0
// Where measured schedules are kept: one file per device and driver in the cache folder.
#pragma once

#include "ir/tuning_table.h"
#include "runtime/program/device_profile.h"

#include <filesystem>

namespace ashlar::codegen {

// In the cache folder; empty where there is none.
std::filesystem::path default_tuning_file(const DeviceProfile& profile);

// The table of this device: from $ASHLAR_TUNING (empty: none), else from the default file. Without
// a file, or where the default file is damaged, a table without kernels. Throws IoError,
// FormatError, or InvalidArgument for another device's table, where ASHLAR_TUNING names the file.
TuningTable tuning_from_environment(const DeviceProfile& profile);

// Throws IoError, FormatError, or InvalidArgument for another device's table.
TuningTable read_tuning(const std::filesystem::path& file, const DeviceProfile& profile);
// Replaces the file as a whole. Throws IoError.
void write_tuning(const std::filesystem::path& file, const TuningTable& table);

}  // namespace ashlar::codegen
