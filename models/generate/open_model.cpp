// SPDX-License-Identifier: Apache-2.0
#include "models/generate/open_model.h"

#include "models/generate/gguf_model.h"
#include "models/generate/model_files.h"

namespace ashlar {

std::unique_ptr<const ModelSource> open_model(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path, ignored))
    return std::make_unique<const GgufModel>(GgufModel::open(path));
  return std::make_unique<const ModelFiles>(ModelFiles::open(path));
}

}  // namespace ashlar
