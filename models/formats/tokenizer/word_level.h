// SPDX-License-Identifier: Apache-2.0
// The simplest model: every piece is one token of the vocabulary, or unknown.
#pragma once

#include "models/formats/tokenizer/model.h"

#include <string>

namespace ashlar::tokenizer {

class WordLevel : public Model {
public:
  explicit WordLevel(const JsonNode& node);

  // Throws FormatError if the piece is unknown and `unk_token` is not in the vocabulary.
  void encode(std::string_view piece, WorkLimit& limit,
              std::vector<std::int32_t>& ids) const override;

private:
  std::string unknown_token_;
};

}  // namespace ashlar::tokenizer
