// SPDX-License-Identifier: Apache-2.0
// Tokens that are found in the text before the model sees it: control tokens, tags, and whatever a
// fine-tuning added. Immutable after construction and thread-safe.
#pragma once

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/prefix_tree.h"
#include "models/formats/tokenizer/span.h"
#include "models/formats/tokenizer/vocabulary.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ashlar::tokenizer {

struct AddedToken {
  std::int32_t id = 0;
  std::string content;
  std::string matched;       // the text that is looked for
  bool single_word = false;  // no match inside a word
  bool lstrip = false;       // swallows white space to its left
  bool rstrip = false;       // swallows white space to its right
  bool normalized = false;   // looked for in the normalised text, else in the raw text
  bool special = false;      // decode can leave it out
};

// A stretch of text without added tokens, or one added token.
struct Section {
  Span span;
  std::optional<std::int32_t> token;
};

class AddedTokens {
public:
  // `list` is the array "added_tokens"; `normalizer` may be null. Throws FormatError where a token
  // contradicts another or `model`, the vocabulary of the model.
  AddedTokens(const std::optional<JsonNode>& list, const Normalizer* normalizer,
              const Vocabulary& model);

  // Cuts raw text at the tokens with `normalized` false, or normalised text at the others.
  std::vector<Section> split_raw(std::string_view text) const { return split(text, raw_tree_); }
  std::vector<Section> split_normalized(std::string_view text) const {
    return split(text, normalized_tree_);
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  // What the token reads as in decoded text: its content, or the normalised form that was matched.
  // Null if no added token has this id.
  const std::string* text_of(std::int32_t id) const;
  bool is_special(std::int32_t id) const;
  std::vector<std::int32_t> special_ids() const;

private:
  void add(const JsonNode& node, AddedToken token, const Vocabulary& model);
  std::vector<Section> split(std::string_view text, const PrefixTree& tree) const;

  Vocabulary vocabulary_;
  std::unordered_map<std::int32_t, AddedToken> tokens_;
  PrefixTree raw_tree_;
  PrefixTree normalized_tree_;
};

}  // namespace ashlar::tokenizer
