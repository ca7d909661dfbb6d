// SPDX-License-Identifier: Apache-2.0
#include "runtime/program/input_file.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace ashlar {
namespace {

[[noreturn]] void fail(std::string_view unit, std::string_view action, std::string_view name) {
  throw IoError(unit, "cannot {} {}: {}", action, name, std::strerror(errno));
}

}  // namespace

bool is_present(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(std::filesystem::symlink_status(path, ignored));
}

InputFile::InputFile(const std::filesystem::path& path, std::string_view unit)
    : name_(in_quotes(path.native())), unit_(unit) {
  // Non-blocking, or opening a named pipe would wait for its writer.
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor_ < 0)
    fail(unit_, "open", name_);
  struct stat status{};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor_);
    throw IoError(unit_, "cannot read {}: not a regular file", name_);
  }
  size_ = static_cast<std::uint64_t>(status.st_size);
}

InputFile::~InputFile() {
  ::close(descriptor_);
}

void InputFile::read(std::uint64_t offset, std::span<char> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      fail(unit_, "read", name_);
    if (count == 0)
      throw IoError(unit_, "{} ended while it was read: expected {} more bytes at offset {}", name_,
                    out.size(), offset);
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
}

std::string read_file(const std::filesystem::path& path, std::uint64_t max_bytes,
                      std::string_view unit) {
  const InputFile file(path, unit);
  if (file.size() > max_bytes)
    throw FormatError(unit, "{} is too large: expected at most {} bytes, got {}", file.name(),
                      max_bytes, file.size());
  std::string bytes(file.size(), '\0');
  file.read(0, bytes);
  return bytes;
}

MappedFile::MappedFile(const InputFile& file, std::string_view unit) {
  if (file.size() == 0)
    return;
  void* address = ::mmap(nullptr, file.size(), PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (address == MAP_FAILED)
    fail(unit, "map", file.name());
  bytes_ = {static_cast<const std::byte*>(address), file.size()};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty())
    ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile::MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace ashlar
