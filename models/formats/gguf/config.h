// SPDX-License-Identifier: Apache-2.0
// The metadata of a GGUF file as the config.json that its model would have in a checkpoint folder,
// so that both are read and checked by one code (models/formats/model_config.h).
#pragma once

#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/file_set.h"

#include <nlohmann/json.hpp>

namespace ashlar::gguf {

// Throws FormatError for values that are missing or wrong, Unsupported for what no config.json that
// we read can say. Quantised matrices are not described here.
nlohmann::json config_json(const FileSet& files, const Architecture& architecture);

}  // namespace ashlar::gguf
