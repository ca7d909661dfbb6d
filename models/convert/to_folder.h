// SPDX-License-Identifier: Apache-2.0
// A model as a checkpoint folder.
#pragma once

#include "runtime/program/dtype.h"

#include <cstdint>
#include <filesystem>
#include <optional>

namespace ashlar {

struct FolderOptions {
  std::optional<DType> dtype = {};  // of tensors that hold floats; as they are if absent
  // More bytes of tensors than this go into several files with an index.
  std::uint64_t max_file_bytes = 4'000'000'000;
};

// Writes the model at `model` (open_model) as the folder `out`: config.json, tensors, and what
// belongs to text. Quantised matrices of GGUF files stay quantised, in the affine layout
// (models/formats/quantization_config.h). From a folder, all files but weights come along. `out`
// appears complete or not at all; it must not exist, or be empty. Throws InvalidArgument for that,
// and what reading and writing throw.
void write_folder(const std::filesystem::path& model, const std::filesystem::path& out,
                  const FolderOptions& options);

}  // namespace ashlar
