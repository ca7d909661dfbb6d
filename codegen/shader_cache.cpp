// SPDX-License-Identifier: Apache-2.0
#include "codegen/shader_cache.h"

#include "runtime/program/atomic_file.h"
#include "runtime/program/error.h"
#include "runtime/program/input_file.h"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

namespace ashlar::codegen {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 8> kMagic = {'A', 's', 'h', 'C', 'a', 'c', 'h', '1'};
constexpr std::string_view kExtension = ".ashc";

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint64_t key_bytes = 0;
  std::uint64_t value_bytes = 0;
  std::uint64_t hash = 0;
};
static_assert(sizeof(Header) == 32);

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::uint64_t hash_of(std::string_view key, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(key.data(), key.size()));
}

// The value of an entry's file, or nothing if the file is not that entry, whole.
std::optional<std::string_view> value_in(std::string_view file, std::string_view key) {
  Header header;
  if (file.size() < sizeof header)
    return std::nullopt;
  std::memcpy(&header, file.data(), sizeof header);
  file.remove_prefix(sizeof header);
  if (header.magic != kMagic || header.key_bytes != key.size() || file.size() < key.size() ||
      header.value_bytes != file.size() - key.size() || !file.starts_with(key))
    return std::nullopt;
  file.remove_prefix(key.size());
  if (header.hash != hash_of(key, file))
    return std::nullopt;
  return file;
}

struct Entry {
  fs::path path;
  std::uint64_t bytes;
  fs::file_time_type used;
};

std::vector<Entry> entries_of(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().extension() != kExtension)
      continue;
    std::error_code size_error, time_error;
    const std::uint64_t bytes = file->file_size(size_error);
    const fs::file_time_type used = file->last_write_time(time_error);
    if (!size_error && !time_error)
      entries.push_back({file->path(), bytes, used});
  }
  return entries;
}

std::uint64_t total_bytes(const std::vector<Entry>& entries) {
  std::uint64_t total = 0;
  for (const Entry& entry : entries)
    total += entry.bytes;
  return total;
}

}  // namespace

ShaderCache::ShaderCache(fs::path folder, std::uint64_t max_bytes)
    : folder_(std::move(folder)), max_bytes_(max_bytes) {}

fs::path ShaderCache::default_folder() {
  if (const char* folder = std::getenv("ASHLAR_CACHE_DIR"))
    return folder;
  if (const char* folder = std::getenv("XDG_CACHE_HOME"); folder && *folder)
    return fs::path(folder) / "ashlar";
  if (const char* home = std::getenv("HOME"); home && *home)
    return fs::path(home) / ".cache" / "ashlar";
  return {};
}

std::unique_ptr<ShaderCache> ShaderCache::from_environment() {
  const fs::path folder = default_folder();
  return folder.empty() ? nullptr : std::make_unique<ShaderCache>(folder);
}

fs::path ShaderCache::file_of(std::string_view key) const {
  const XXH128_hash_t hash = XXH3_128bits(key.data(), key.size());
  return folder_ / fmt::format("{:016x}{:016x}{}", hash.high64, hash.low64, kExtension);
}

std::optional<std::vector<std::byte>> ShaderCache::find(std::string_view key) {
  const fs::path path = file_of(key);
  std::string file;
  try {
    file = read_file(path, max_bytes_, "cache");
  } catch (const Error&) {
    return std::nullopt;
  }
  const std::optional<std::string_view> value = value_in(file, key);
  if (!value)
    return std::nullopt;
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
  const auto* begin = reinterpret_cast<const std::byte*>(value->data());
  return std::vector<std::byte>(begin, begin + value->size());
}

void ShaderCache::store(std::string_view key, std::span<const std::byte> value) noexcept {
  const std::uint64_t bytes = sizeof(Header) + key.size() + value.size();
  if (bytes > max_bytes_)
    return;
  const std::scoped_lock lock(mutex_);
  try {
    fs::create_directories(folder_);
    make_room(bytes);
    const Header header{kMagic, key.size(), value.size(), hash_of(key, as_text(value))};
    AtomicFile file(file_of(key), "cache");
    file.write(std::as_bytes(std::span(&header, 1)));
    file.write(std::as_bytes(std::span(key)));
    file.write(value);
    file.publish();
    *bytes_ += bytes;
  } catch (const std::exception&) {
    // Stays a miss.
  }
}

// The least recently used entries go, until a quarter is free again.
void ShaderCache::make_room(std::uint64_t bytes) {
  if (bytes_ && *bytes_ <= max_bytes_ - bytes)
    return;
  std::vector<Entry> entries = entries_of(folder_);
  bytes_ = total_bytes(entries);
  if (*bytes_ <= max_bytes_ - bytes)
    return;
  std::ranges::sort(entries, {}, &Entry::used);
  const std::uint64_t target = std::min(max_bytes_ / 4 * 3, max_bytes_ - bytes);
  for (const Entry& entry : entries) {
    if (*bytes_ <= target)
      return;
    std::error_code error;
    if (fs::remove(entry.path, error))
      *bytes_ -= entry.bytes;
  }
}

}  // namespace ashlar::codegen
