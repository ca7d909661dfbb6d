// SPDX-License-Identifier: Apache-2.0
// Files that are read: a checked descriptor, and a read-only mapping of a whole file.
//
// Headers are read with `read`, so that a file that shrinks meanwhile ends in an error. Only bulk
// data is mapped: a mapped file must not be truncated while it is in use, or the system ends the
// process with SIGBUS. Replacing it by rename, as `AtomicFile` does, is safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ashlar {

// Whether anything has this name: a link that leads nowhere counts, so that opening it gives an
// error.
bool is_present(const std::filesystem::path& path);

class InputFile {
public:
  // `unit` names the reader in errors. Throws IoError when the file is absent, not readable or not
  // a regular file.
  InputFile(const std::filesystem::path& path, std::string_view unit);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // The path, quoted for messages.
  const std::string& name() const { return name_; }
  std::uint64_t size() const { return size_; }
  int descriptor() const { return descriptor_; }

  // Fills `out` from `offset` on. Throws IoError when the system refuses or the file ends before.
  void read(std::uint64_t offset, std::span<char> out) const;

private:
  std::string name_;
  std::string unit_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

// All bytes of a file. Throws FormatError, before reading, when there are more than `max_bytes`.
std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes,
                      std::string_view unit);

class MappedFile {
public:
  // Throws IoError. The mapping outlives `file`.
  MappedFile(const InputFile& file, std::string_view unit);
  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;

  std::span<const std::byte> bytes() const { return bytes_; }

private:
  std::span<const std::byte> bytes_;
};

}  // namespace ashlar
