// SPDX-License-Identifier: Apache-2.0
// How an encoder's hidden states become one embedding: the modules that a folder lists in the
// layout of sentence-transformers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace ashlar {

// What stands for all tokens: the first one, or their mean.
enum class Pooling { cls, mean };

struct PoolingConfig {
  Pooling pooling = Pooling::mean;
  bool normalize = false;                       // to Euclidean length 1
  std::optional<std::int64_t> max_tokens = {};  // longer texts are cut, special tokens included
};

// From `folder`/modules.json, what it refers to, and sentence_bert_config.json. Without
// modules.json: the plain mean. Throws FormatError for wrong values, Unsupported for other modules
// and pooling modes.
PoolingConfig read_pooling_config(const std::filesystem::path& folder);

}  // namespace ashlar
