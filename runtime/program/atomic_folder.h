// SPDX-License-Identifier: Apache-2.0
// A folder that appears under its name complete or not at all.
//
// Files go to a temporary folder beside the target; `commit` renames it. Without a commit the
// destructor removes it with all it holds.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ashlar {

class AtomicFolder {
public:
  // `unit` names the writer in errors. Throws InvalidArgument when the target is anything but an
  // empty folder, IoError when the temporary folder cannot be made.
  AtomicFolder(std::filesystem::path target, std::string_view unit);
  ~AtomicFolder();
  AtomicFolder(const AtomicFolder&) = delete;
  AtomicFolder& operator=(const AtomicFolder&) = delete;

  // Where the files go until the commit.
  const std::filesystem::path& path() const { return temporary_; }
  // Throws IoError.
  void commit();

private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::string unit_;
  bool committed_ = false;
};

}  // namespace ashlar
