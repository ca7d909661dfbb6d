// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/work_limit.h"

#include "runtime/program/error.h"

#include <ctime>
#include <limits>

namespace ashlar::tokenizer {
namespace {

// Ordinary files need less than a microsecond and a handful of bytes for a byte of text.
constexpr double kBaseSeconds = 0.25;
constexpr double kSecondsPerByte = 10e-6;
constexpr std::size_t kBaseBytes = std::size_t{1} << 20;
constexpr std::size_t kBytesPerByte = 64;

double thread_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

WorkLimit::WorkLimit(std::size_t text_size, std::size_t max_size)
    : text_size_(text_size), max_size_(max_size),
      end_(thread_seconds() + kBaseSeconds + kSecondsPerByte * static_cast<double>(text_size)) {}

WorkLimit WorkLimit::for_text(std::size_t bytes) {
  const bool is_huge = bytes > std::numeric_limits<std::size_t>::max() / (2 * kBytesPerByte);
  return WorkLimit(bytes, is_huge ? bytes : kBaseBytes + kBytesPerByte * bytes);
}

WorkLimit WorkLimit::for_token(std::size_t bytes) {
  return WorkLimit(bytes, kBaseBytes + bytes);
}

void WorkLimit::check_time() const {
  if (thread_seconds() > end_)
    throw Unsupported("tokenizer",
                      "a text of {} bytes takes too long: the file's expressions "
                      "or tokens make too much work of it",
                      text_size_);
}

void WorkLimit::check_size(std::size_t bytes) const {
  if (bytes > max_size_)
    throw Unsupported("tokenizer", "a text of {} bytes grows to {} bytes: at most {} are supported",
                      text_size_, bytes, max_size_);
}

}  // namespace ashlar::tokenizer
