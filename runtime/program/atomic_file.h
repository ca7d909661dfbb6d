// SPDX-License-Identifier: Apache-2.0
// A file that appears under its name complete or not at all.
//
// Bytes go to a temporary file in the same folder; `commit` flushes it to the disk and renames it
// over the target. Without a commit the destructor removes it, and whatever the target was stays as
// it was.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ashlar {

class AtomicFile {
public:
  // `unit` names the writer in errors. Throws IoError when the temporary file cannot be made.
  AtomicFile(std::filesystem::path target, std::string_view unit);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Both throw IoError, for example on a full disk.
  void write(std::span<const std::byte> bytes);
  void commit();
  // The same without waiting for the disk: after a power failure the file may be damaged. For files
  // whose readers check every byte and can do without them.
  void publish();

private:
  [[noreturn]] void fail(std::string_view action) const;

  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::string unit_;
  int descriptor_ = -1;
  bool committed_ = false;
};

}  // namespace ashlar
