// SPDX-License-Identifier: Apache-2.0
// Text encoders: their config, and how hidden states become an embedding.
#pragma once

#include "models/formats/gguf/file_set.h"
#include "models/formats/pooling_config.h"

#include <nlohmann/json.hpp>

#include <string_view>

namespace ashlar::gguf {

// As config_json; a classifier is that of the first token. Files of RoBERTa have their table of
// positions cut, so that they are as BERT's.
nlohmann::json bert_config(const FileSet& files);

// Keys of our own, since others have no word for it: whether embeddings are of length 1, and
// config.json's `dtype`, of activations; f32 in files that do not say.
inline constexpr std::string_view kNormalizesKey = "ashlar.normalizes_embeddings";
inline constexpr std::string_view kDtypeKey = "ashlar.dtype";

// The stated pooling, by default the mean; of length 1 unless the file says otherwise, as readers
// of these files have it. Throws Unsupported for other modes.
PoolingConfig bert_pooling(const FileSet& files);

}  // namespace ashlar::gguf
