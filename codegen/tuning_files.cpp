// SPDX-License-Identifier: Apache-2.0
#include "codegen/tuning_files.h"

#include "codegen/shader_cache.h"
#include "runtime/program/atomic_file.h"
#include "runtime/program/error.h"
#include "runtime/program/input_file.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cstdlib>

namespace ashlar::codegen {

namespace fs = std::filesystem;

fs::path default_tuning_file(const DeviceProfile& profile) {
  const fs::path folder = ShaderCache::default_folder();
  if (folder.empty())
    return {};
  const std::string device = profile.name + "\n" + profile.driver;
  return folder / fmt::format("tuning-{:016x}.json", XXH3_64bits(device.data(), device.size()));
}

TuningTable read_tuning(const fs::path& file, const DeviceProfile& profile) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
  TuningTable table = parse_tuning(read_file(file, kMostBytes, "tuning"), file.string());
  if (table.device != profile.name || table.driver != profile.driver)
    throw InvalidArgument("tuning", "'{}': expected a table for {}, {}, got one for {}, {}",
                          file.string(), profile.name, profile.driver, table.device, table.driver);
  return table;
}

TuningTable tuning_from_environment(const DeviceProfile& profile) {
  const TuningTable none{profile.name, profile.driver, {}};
  if (const char* file = std::getenv("ASHLAR_TUNING"))
    return *file ? read_tuning(file, profile) : none;
  const fs::path file = default_tuning_file(profile);
  std::error_code error;
  if (file.empty() || !fs::exists(file, error))
    return none;
  try {
    return read_tuning(file, profile);
  } catch (const Error&) {
    return none;
  }
}

void write_tuning(const fs::path& file, const TuningTable& table) {
  const std::string text = to_text(table);
  std::error_code error;
  if (file.has_parent_path())
    fs::create_directories(file.parent_path(), error);
  AtomicFile target(file, "tuning");
  target.write(std::as_bytes(std::span(text)));
  target.commit();
}

}  // namespace ashlar::codegen
