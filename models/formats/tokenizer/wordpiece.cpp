// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/wordpiece.h"

#include "models/formats/tokenizer/utf8.h"

#include <limits>

namespace ashlar::tokenizer {
namespace {

constexpr std::int64_t kDefaultMaxCharacters = 100;

std::size_t read_max_characters(const JsonNode& node) {
  const auto limit = node.find("max_input_chars_per_word");
  return static_cast<std::size_t>(limit ? limit->as_index(std::numeric_limits<std::int64_t>::max())
                                        : kDefaultMaxCharacters);
}

}  // namespace

WordPiece::WordPiece(const JsonNode& node)
    : Model(Vocabulary(node.at("vocab"))), unknown_token_(node.string_or("unk_token", "[UNK]")),
      max_characters_(read_max_characters(node)) {
  const std::string prefix = node.string_or("continuing_subword_prefix", "##");
  vocabulary().for_each([&](std::string_view token, std::int32_t id) {
    starts_.insert(token, id);
    if (token.starts_with(prefix))
      continuations_.insert(token.substr(prefix.size()), id);
  });
}

void WordPiece::encode(std::string_view piece, WorkLimit& limit,
                       std::vector<std::int32_t>& ids) const {
  const std::size_t old_size = ids.size();
  if (count_characters(piece) <= max_characters_ && append_tokens(piece, limit, ids))
    return;
  ids.resize(old_size);
  ids.push_back(require_id(unknown_token_, "unk_token"));
}

bool WordPiece::append_tokens(std::string_view word, WorkLimit& limit,
                              std::vector<std::int32_t>& ids) const {
  for (std::size_t offset = 0; offset < word.size();) {
    limit.count_unit();
    const auto match = (offset == 0 ? starts_ : continuations_).longest_at(word, offset);
    if (!match)
      return false;
    ids.push_back(match->value);
    offset = match->span.end;
  }
  return true;
}

}  // namespace ashlar::tokenizer
