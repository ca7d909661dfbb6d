// SPDX-License-Identifier: Apache-2.0
// A model from a path, whatever lies there.
#pragma once

#include "models/generate/model_source.h"

#include <filesystem>
#include <memory>

namespace ashlar {

// A model folder (ModelFiles), or a GGUF file (GgufModel), of a split one its first part. Throws
// IoError, FormatError or Unsupported, naming the file.
std::unique_ptr<const ModelSource> open_model(const std::filesystem::path& path);

}  // namespace ashlar
