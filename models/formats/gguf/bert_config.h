// SPDX-License-Identifier: Apache-2.0
// Text encoders: their config, and how hidden states become an embedding.
#pragma once

#include "models/formats/gguf/file_set.h"
#include "models/formats/pooling_config.h"

#include <nlohmann/json.hpp>

namespace ashlar::gguf {

// As config_json. Files of RoBERTa have their table of positions cut, so that they are as BERT's.
nlohmann::json bert_config(const FileSet& files);

// The stated pooling, by default the mean; of length 1, as readers of these files have it. Throws
// Unsupported for other modes.
PoolingConfig bert_pooling(const FileSet& files);

}  // namespace ashlar::gguf
