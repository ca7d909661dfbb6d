// SPDX-License-Identifier: Apache-2.0
// GGUF files with something changed.
#pragma once

#include "models/formats/gguf/file.h"
#include "models/formats/gguf/writer.h"

#include <filesystem>
#include <memory>
#include <vector>

namespace ashlar::test {

// Writes `from` as `to`, after `change(metadata, tensors)`.
template <typename Change>
void rewrite_gguf(const std::filesystem::path& from, const std::filesystem::path& to,
                  Change change) {
  const auto file = std::make_shared<const gguf::File>(gguf::File::open(from));
  gguf::Metadata metadata = file->metadata();
  std::vector<gguf::TensorToWrite> tensors;
  for (const gguf::TensorInfo& info : file->tensors())
    tensors.push_back({info.name, info.type, info.shape, [file, &info] {
                         const auto data = file->data(info);
                         return std::vector<std::byte>(data.begin(), data.end());
                       }});
  change(metadata, tensors);
  gguf::write(to, metadata, tensors);
}

}  // namespace ashlar::test
