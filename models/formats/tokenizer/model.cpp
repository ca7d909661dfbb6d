// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/model.h"

#include "models/formats/tokenizer/bpe.h"
#include "models/formats/tokenizer/unigram.h"
#include "models/formats/tokenizer/word_level.h"
#include "models/formats/tokenizer/wordpiece.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <cstddef>
#include <string>

namespace ashlar::tokenizer {
namespace {

// Files written before the key `type` existed are recognised by what only one model has.
std::string type_of(const JsonNode& node) {
  if (const auto type = node.find("type"))
    return type->as_string();
  if (node.find("merges"))
    return "BPE";
  if (node.find("max_input_chars_per_word"))
    return "WordPiece";
  if (node.at("vocab").value().is_array())
    return "Unigram";
  return "without type";
}

}  // namespace

std::int32_t Model::require_id(std::string_view token, std::string_view key) const {
  const auto id = vocabulary_.id_of(token);
  if (!id)
    throw FormatError("tokenizer", "model.{}: {} is not in the vocabulary", key, in_quotes(token));
  return *id;
}

bool Model::append_bytes(std::string_view text, std::vector<std::int32_t>& ids) const {
  const std::size_t old_size = ids.size();
  for (const char byte : text) {
    const auto id = vocabulary_.id_of(fmt::format("<0x{:02X}>", static_cast<std::uint8_t>(byte)));
    if (!id) {
      ids.resize(old_size);
      return false;
    }
    ids.push_back(*id);
  }
  return true;
}

std::unique_ptr<Model> make_model(const JsonNode& node) {
  const std::string type = type_of(node);
  if (type == "BPE")
    return std::make_unique<Bpe>(node);
  if (type == "WordPiece")
    return std::make_unique<WordPiece>(node);
  if (type == "Unigram")
    return std::make_unique<Unigram>(node);
  if (type == "WordLevel")
    return std::make_unique<WordLevel>(node);
  throw Unsupported("tokenizer", "{}: the model {} is not supported", node.path(), in_quotes(type));
}

}  // namespace ashlar::tokenizer
