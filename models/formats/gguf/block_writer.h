// SPDX-License-Identifier: Apache-2.0
// The bytes of a block, written by offset.
#pragma once

#include "runtime/program/dtype.h"
#include "runtime/program/error.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace ashlar::gguf {

class BlockWriter {
public:
  explicit BlockWriter(std::span<std::byte> bytes) : bytes_(bytes) {}

  void byte(std::size_t at, std::uint32_t value) { bytes_[at] = static_cast<std::byte>(value); }
  void word32(std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      byte(at + i, value >> 8 * i);
  }
  // Returns what was kept of the value. Throws InvalidArgument beyond f16's range.
  float half(std::size_t at, float value) {
    const std::uint16_t bits = float_to_f16(value);
    const float kept = f16_to_float(bits);
    if (!std::isfinite(kept))
      throw InvalidArgument("gguf", "numbers are too large to be quantised: a scale is {}", value);
    byte(at, bits);
    byte(at + 1, bits >> 8);
    return kept;
  }

private:
  std::span<std::byte> bytes_;
};

}  // namespace ashlar::gguf
