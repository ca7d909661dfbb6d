// SPDX-License-Identifier: Apache-2.0
// What stands before the data of a GGUF file: metadata and the list of tensors. Versions 2 and 3,
// which are laid out alike.
#pragma once

#include "models/formats/gguf/block_type.h"
#include "models/formats/gguf/value.h"
#include "runtime/program/input_file.h"
#include "runtime/program/shape.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ashlar::gguf {

inline constexpr std::uint64_t kMaxKeys = 1'000'000;
inline constexpr std::uint64_t kMaxKeyBytes = 65'535;
inline constexpr std::uint64_t kMaxTextBytes = std::uint64_t{64} << 20;
inline constexpr std::uint64_t kMaxTensorNameBytes = 64;
inline constexpr std::uint32_t kMaxRank = 4;
inline constexpr std::int64_t kDefaultAlignment = 32;
inline constexpr std::int64_t kMaxAlignment = 1 << 20;

struct TensorInfo {
  std::string name;
  BlockType type{};
  Shape shape;              // row-major: the last axis is contiguous, files list it first
  std::uint64_t begin = 0;  // bytes, relative to the start of the data
  std::uint64_t end = 0;

  bool operator==(const TensorInfo&) const = default;
};

struct Header {
  Metadata metadata;
  std::vector<TensorInfo> tensors;  // in file order
  std::uint64_t data_offset = 0;    // where the data starts in the file
};

// Every count is held against the bytes that are left before anything is allocated, so that memory
// stays below a small multiple of the file's size. Tensors must follow each other as the format's
// alignment asks, without holes, and lie within the file. Throws FormatError, Unsupported for
// other versions and byte orders, IoError when the file shrinks meanwhile.
Header read_header(const InputFile& file);

}  // namespace ashlar::gguf
