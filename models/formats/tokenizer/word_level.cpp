// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/word_level.h"

namespace ashlar::tokenizer {

WordLevel::WordLevel(const JsonNode& node)
    : Model(Vocabulary(node.at("vocab"))), unknown_token_(node.string_or("unk_token", "<unk>")) {}

void WordLevel::encode(std::string_view piece, WorkLimit&, std::vector<std::int32_t>& ids) const {
  const auto id = vocabulary().id_of(piece);
  ids.push_back(id ? *id : require_id(unknown_token_, "unk_token"));
}

}  // namespace ashlar::tokenizer
