// SPDX-License-Identifier: Apache-2.0
// The bytes of a block, read by offset.
#pragma once

#include "runtime/program/dtype.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace ashlar::gguf {

class BlockReader {
public:
  explicit BlockReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint32_t byte(std::size_t at) const { return std::to_integer<std::uint32_t>(bytes_[at]); }
  std::int32_t signed_byte(std::size_t at) const { return static_cast<std::int8_t>(byte(at)); }
  std::uint32_t word16(std::size_t at) const { return byte(at) | byte(at + 1) << 8; }
  std::uint32_t word32(std::size_t at) const { return word16(at) | word16(at + 2) << 16; }
  BlockReader from(std::size_t at) const { return BlockReader(bytes_.subspan(at)); }
  float half(std::size_t at) const { return f16_to_float(static_cast<std::uint16_t>(word16(at))); }

private:
  std::span<const std::byte> bytes_;
};

}  // namespace ashlar::gguf
