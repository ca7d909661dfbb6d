// SPDX-License-Identifier: Apache-2.0
// Results of compilation on disk, by the whole text they were made from. It serves single kernels
// (key: kernel IR) and whole programs (key: array IR) alike.
//
// Each entry is one file, named by a hash of its key:
//   u8[8] magic   u64 key bytes   u64 value bytes   u64 XXH3-64 of key and value   key   value
// A hit compares the whole key. A file that is truncated, damaged, foreign or of another version is
// a miss, and the next store replaces it. Losing the cache loses time, nothing else: no operation
// throws because of the file system; a folder that cannot be written is a cache that stays empty.
//
// Thread-safety: all members; several processes may share a folder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace ashlar::codegen {

class ShaderCache {
public:
  static constexpr std::uint64_t kDefaultMaxBytes = std::uint64_t{256} << 20;

  explicit ShaderCache(std::filesystem::path folder, std::uint64_t max_bytes = kDefaultMaxBytes);

  // $ASHLAR_CACHE_DIR, $XDG_CACHE_HOME/ashlar or ~/.cache/ashlar; empty where none of them is set,
  // or ASHLAR_CACHE_DIR is empty.
  static std::filesystem::path default_folder();
  // In the default folder; null where there is none.
  static std::unique_ptr<ShaderCache> from_environment();

  std::optional<std::vector<std::byte>> find(std::string_view key);
  void store(std::string_view key, std::span<const std::byte> value) noexcept;

  const std::filesystem::path& folder() const { return folder_; }

private:
  std::filesystem::path file_of(std::string_view key) const;
  void make_room(std::uint64_t bytes);

  std::filesystem::path folder_;
  std::uint64_t max_bytes_;
  std::mutex mutex_;
  std::optional<std::uint64_t> bytes_;  // of all entries; counted on the first store
};

}  // namespace ashlar::codegen
