// SPDX-License-Identifier: Apache-2.0
// The tensors of a model in one GGUF file, or in the parts that it was split into.
#pragma once

#include "models/formats/gguf/file.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ashlar::gguf {

struct StoredTensor {
  const File* file;
  const TensorInfo* info;

  std::span<const std::byte> data() const { return file->data(*info); }
};

class FileSet {
public:
  // `path`: the file, or the first of the parts NAME-00001-of-0000N.gguf, which lie beside each
  // other. Throws what File::open throws, and FormatError for parts that do not belong together.
  static FileSet open(const std::filesystem::path& path);

  const std::string& name() const { return files_.front()->name(); }  // quoted for messages
  // The metadata, which only the first part has in full.
  const Metadata& metadata() const { return files_.front()->metadata(); }
  Fields fields() const { return files_.front()->fields(); }
  const std::map<std::string_view, StoredTensor>& tensors() const { return tensors_; }
  // Null when there is no such tensor. Valid as long as this object.
  const StoredTensor* find(std::string_view name) const;

private:
  explicit FileSet(std::vector<std::unique_ptr<const File>> files);

  std::vector<std::unique_ptr<const File>> files_;  // their addresses are handed out
  std::map<std::string_view, StoredTensor> tensors_;
};

}  // namespace ashlar::gguf
