// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/atomic_file.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace ashlar {
namespace {

// Different in every process and call; a leftover of an earlier process may still be in the way.
std::filesystem::path temporary_name(const std::filesystem::path& target) {
  static std::atomic<unsigned> counter{0};
  std::filesystem::path name = target;
  name += fmt::format(".{}-{}.tmp", ::getpid(), counter++);
  return name;
}

// Makes the rename itself durable. Some file systems cannot, which loses nothing but that promise.
void sync_folder(const std::filesystem::path& folder) {
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0)
    return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

AtomicFile::AtomicFile(std::filesystem::path target, std::string_view unit)
    : target_(std::move(target)), unit_(unit) {
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    temporary_ = temporary_name(target_);
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0 || errno != EEXIST)
      break;
  }
  if (descriptor_ < 0)
    fail("create a temporary file for");
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!committed_)
    ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail("write");
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void AtomicFile::commit() {
  if (::fsync(descriptor_) != 0)
    fail("flush");
  publish();
  sync_folder(target_.parent_path());
}

void AtomicFile::publish() {
  if (::close(std::exchange(descriptor_, -1)) != 0)
    fail("close");
  if (::rename(temporary_.c_str(), target_.c_str()) != 0)
    fail("replace");
  committed_ = true;
}

void AtomicFile::fail(std::string_view action) const {
  throw IoError(unit_, "cannot {} {}: {}", action, in_quotes(target_.native()),
                std::strerror(errno));
}

}  // namespace ashlar
