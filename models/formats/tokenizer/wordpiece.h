// SPDX-License-Identifier: Apache-2.0
// BERT's WordPiece: a word is cut greedily into the longest tokens of the vocabulary, where tokens
// inside a word carry a prefix. A word that cannot be cut so, or is too long, is one unknown token.
#pragma once

#include "models/formats/tokenizer/model.h"
#include "models/formats/tokenizer/prefix_tree.h"

#include <cstddef>
#include <string>

namespace ashlar::tokenizer {

class WordPiece : public Model {
public:
  explicit WordPiece(const JsonNode& node);

  // Throws FormatError if the word is unknown and `unk_token` is not in the vocabulary.
  void encode(std::string_view piece, WorkLimit& limit,
              std::vector<std::int32_t>& ids) const override;

private:
  bool append_tokens(std::string_view word, WorkLimit& limit, std::vector<std::int32_t>& ids) const;

  std::string unknown_token_;
  std::size_t max_characters_;
  PrefixTree starts_;         // all tokens
  PrefixTree continuations_;  // what follows the prefix
};

}  // namespace ashlar::tokenizer
