// SPDX-License-Identifier: Apache-2.0
// The part of a tokenizer that turns one piece of text into ids, by a vocabulary of its own.
// Models are immutable and thread-safe.
#pragma once

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/vocabulary.h"
#include "models/formats/tokenizer/work_limit.h"

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace ashlar::tokenizer {

class Model {
public:
  virtual ~Model() = default;

  // Appends the ids of `piece`, which is not empty.
  virtual void encode(std::string_view piece, WorkLimit& limit,
                      std::vector<std::int32_t>& ids) const = 0;

  const Vocabulary& vocabulary() const { return vocabulary_; }

protected:
  explicit Model(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}

  // Throws FormatError, naming the `key` that asks for the token, if the vocabulary lacks it.
  std::int32_t require_id(std::string_view token, std::string_view key) const;
  // Appends the tokens `<0xNN>` of all bytes of `text`, or none if one of them is missing.
  bool append_bytes(std::string_view text, std::vector<std::int32_t>& ids) const;

private:
  Vocabulary vocabulary_;
};

// Throws FormatError for a malformed description, Unsupported for a type that is not known.
std::unique_ptr<Model> make_model(const JsonNode& node);

}  // namespace ashlar::tokenizer
