// SPDX-License-Identifier: Apache-2.0
// Reader of safetensors files: u64 header length, JSON header, then the tensors' bytes.
//
// Opening checks the whole header before anything uses it: tensors cover the data exactly, without
// holes or overlap, and each one's size follows from its type and shape. Stricter than the
// reference reader: repeated and unknown keys, ranks above 8, names above 4 KiB and shapes whose
// non-zero dimensions multiply past 2^63-1 bits are refused too. What is allocated is bounded by
// the bytes the file really has.
#pragma once

#include "models/formats/stored_type.h"
#include "models/formats/tensor_index.h"
#include "runtime/program/input_file.h"
#include "runtime/program/shape.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

inline constexpr std::uint64_t kMaxSafetensorsHeader = 100'000'000;
inline constexpr int kMaxTensorRank = 8;
inline constexpr std::size_t kMaxTensorName = 4096;

struct TensorInfo {
  std::string name;
  StoredType type{};
  Shape shape;
  std::uint64_t begin = 0;  // bytes, relative to the start of the data
  std::uint64_t end = 0;

  bool operator==(const TensorInfo&) const = default;
};

struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;  // in file order
  std::map<std::string, std::string> metadata;
};

// `text` is the JSON header, `data_bytes` the size of what follows it, `file` a name for messages.
// Throws FormatError.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t data_bytes,
                                           std::string_view file);

// Bytes that a tensor takes; none when a dimension is negative, or the size is not a whole number
// of bytes below 2^60.
std::optional<std::uint64_t> stored_bytes(StoredType type, const Shape& shape);

// An open file; its data is mapped (see input_file.h). Reading from several threads is safe.
class SafetensorsFile {
public:
  // Throws IoError or FormatError.
  static SafetensorsFile open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  const std::string& name() const { return name_; }  // the path, quoted for messages
  const std::vector<TensorInfo>& tensors() const { return header_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return header_.metadata; }

  // Null when there is no such tensor.
  const TensorInfo* find(std::string_view name) const;

  // The little-endian, row-major bytes of one of this file's tensors, at any alignment. Valid as
  // long as this object. Throws InvalidArgument for a tensor that lies outside this file.
  std::span<const std::byte> data(const TensorInfo& info) const;

private:
  SafetensorsFile(std::filesystem::path path, std::string name, SafetensorsHeader header,
                  MappedFile file, std::size_t data_offset);

  std::filesystem::path path_;
  std::string name_;
  SafetensorsHeader header_;
  TensorIndex<TensorInfo> by_name_;
  MappedFile file_;
  std::span<const std::byte> data_;
};

}  // namespace ashlar
