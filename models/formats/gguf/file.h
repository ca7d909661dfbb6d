// SPDX-License-Identifier: Apache-2.0
// An open GGUF file. Its header is read and checked, its data is mapped (see input_file.h).
#pragma once

#include "models/formats/gguf/fields.h"
#include "models/formats/gguf/header.h"
#include "models/formats/tensor_index.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace ashlar::gguf {

// Reading from several threads is safe.
class File {
public:
  // Throws what read_header throws, and IoError.
  static File open(const std::filesystem::path& path);

  const std::string& name() const { return name_; }  // the path, quoted for messages
  const Metadata& metadata() const { return header_.metadata; }
  Fields fields() const { return Fields(header_.metadata, name_); }
  const std::vector<TensorInfo>& tensors() const { return header_.tensors; }  // in file order

  // Null when there is no such tensor.
  const TensorInfo* find(std::string_view name) const;

  // The blocks of one of this file's tensors, row by row. Valid as long as this object. Throws
  // InvalidArgument for a tensor that lies outside this file.
  std::span<const std::byte> data(const TensorInfo& info) const;

private:
  File(std::string name, Header header, MappedFile file);

  std::string name_;
  Header header_;
  TensorIndex<TensorInfo> by_name_;
  MappedFile file_;
  std::span<const std::byte> data_;
};

}  // namespace ashlar::gguf
