// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/cursor.h"

#include "runtime/program/error.h"

#include <algorithm>

namespace ashlar::gguf {

namespace {

constexpr std::uint64_t kWindow = 1 << 16;

}  // namespace

void Cursor::require(std::uint64_t count, std::uint64_t bytes, std::string_view what) const {
  if (count > remaining() / bytes)
    throw FormatError("gguf", "{} is cut short: {}: expected {} times {} bytes, got {} (offset {})",
                      name(), what, count, bytes, remaining(), position_);
}

std::string Cursor::text(std::uint64_t max_bytes, std::string_view what) {
  const std::uint64_t at = position_;
  const auto length = number<std::uint64_t>(what);
  if (length > max_bytes)
    throw FormatError("gguf", "{}: {}: expected at most {} bytes of text, got {} (offset {})",
                      name(), what, max_bytes, length, at);
  require(length, 1, what);
  std::string text(length, '\0');
  read(text, what);
  return text;
}

void Cursor::read(std::span<char> out, std::string_view what) {
  require(out.size(), 1, what);
  while (!out.empty()) {
    const std::uint64_t offset = position_ - window_begin_;
    if (offset >= window_.size()) {
      window_.resize(std::min(kWindow, remaining()));
      window_begin_ = position_;
      file_.read(position_, window_);
      continue;
    }
    const std::size_t count = std::min<std::size_t>(out.size(), window_.size() - offset);
    std::copy_n(window_.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
    position_ += count;
    out = out.subspan(count);
  }
}

}  // namespace ashlar::gguf
