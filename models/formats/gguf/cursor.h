// SPDX-License-Identifier: Apache-2.0
// Reads a file from front to back. Nothing is read or allocated beyond the file's end.
#pragma once

#include "runtime/program/input_file.h"

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::gguf {

static_assert(std::endian::native == std::endian::little, "files are little-endian");

class Cursor {
public:
  explicit Cursor(const InputFile& file) : file_(file) {}

  const std::string& name() const { return file_.name(); }
  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return file_.size() - position_; }

  // All throw FormatError, saying that `what` is cut short.
  template <typename T> T number(std::string_view what) {
    T value;
    read({reinterpret_cast<char*>(&value), sizeof value}, what);
    return value;
  }
  // A length and that many bytes; more than `max_bytes` are refused.
  std::string text(std::uint64_t max_bytes, std::string_view what);
  template <typename T> std::vector<T> numbers(std::uint64_t count, std::string_view what) {
    require(count, sizeof(T), what);
    std::vector<T> values(count);
    read({reinterpret_cast<char*>(values.data()), count * sizeof(T)}, what);
    return values;
  }
  // That `count` things of at least `bytes` bytes each can follow.
  void require(std::uint64_t count, std::uint64_t bytes, std::string_view what) const;

private:
  void read(std::span<char> out, std::string_view what);

  const InputFile& file_;
  std::uint64_t position_ = 0;
  std::vector<char> window_;  // the bytes from window_begin_ on
  std::uint64_t window_begin_ = 0;
};

}  // namespace ashlar::gguf
