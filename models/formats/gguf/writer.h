// SPDX-License-Identifier: Apache-2.0
// Writes GGUF files of version 3 that File can read back.
#pragma once

#include "models/formats/gguf/block_type.h"
#include "models/formats/gguf/value.h"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace ashlar::gguf {

struct TensorToWrite {
  std::string name;
  BlockType type;
  Shape shape;  // row-major
  // Makes the tensor's blocks when it is their turn, so that one tensor is in memory at a time.
  std::function<std::vector<std::byte>()> data;
};

// The file appears under `path` complete or not at all. Throws InvalidArgument for names and shapes
// that break the format's rules, IoError when writing fails, and what `data` throws.
void write(const std::filesystem::path& path, const Metadata& metadata,
           const std::vector<TensorToWrite>& tensors);

}  // namespace ashlar::gguf
