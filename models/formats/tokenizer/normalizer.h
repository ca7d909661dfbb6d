// SPDX-License-Identifier: Apache-2.0
// Normalizers of tokenizer.json: they rewrite a stretch of text before it is cut into pieces. All
// are immutable and thread-safe; text in and out is valid UTF-8.
#pragma once

#include "models/formats/tokenizer/json_node.h"

#include "models/formats/tokenizer/work_limit.h"

#include <memory>
#include <string>

namespace ashlar::tokenizer {

// Text between two added tokens. `at_start` says that its first character stems from the first
// character of the whole input, which Metaspace wants to know.
struct Stretch {
  std::string text;
  bool at_start = false;
};

class Normalizer {
public:
  virtual ~Normalizer() = default;
  virtual void apply(Stretch& stretch, WorkLimit& limit) const = 0;
};

// Throws FormatError for a malformed description, Unsupported for a type that is not known.
std::unique_ptr<Normalizer> make_normalizer(const JsonNode& node);

// The types BertNormalizer and Precompiled, which have files of their own.
std::unique_ptr<Normalizer> make_bert_normalizer(const JsonNode& node);
std::unique_ptr<Normalizer> make_precompiled_normalizer(const JsonNode& node);

}  // namespace ashlar::tokenizer
