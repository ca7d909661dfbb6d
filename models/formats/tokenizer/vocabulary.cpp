// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/vocabulary.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <string>

namespace ashlar::tokenizer {

Vocabulary::Vocabulary(const JsonNode& node) {
  if (!node.value().is_object())
    node.fail("an object from tokens to ids");
  const auto& entries = node.value().get_ref<const Json::object_t&>();
  ids_.reserve(entries.size());
  tokens_.reserve(entries.size());
  for (const auto& [token, id] : entries) {
    // The path is only wanted for a complaint, and there are many entries.
    const auto index = index_value(id, kMaxTokenCount);
    if (!index)
      JsonNode(id, fmt::format("{}[{}]", node.path(), in_quotes(token))).as_index(kMaxTokenCount);
    add(node, token, static_cast<std::int32_t>(*index));
  }
}

void Vocabulary::add(const JsonNode& node, std::string_view token, std::int32_t id) {
  if (token.size() > kMaxTokenBytes)
    node.reject("token {} has {} bytes: at most {} are allowed", in_quotes(token), token.size(),
                kMaxTokenBytes);
  const auto [entry, is_new] = ids_.try_emplace(std::string(token), id);
  if (!is_new && entry->second != id)
    node.reject("token {} has two ids, {} and {}", in_quotes(token), entry->second, id);
  const auto [reverse, is_free] = tokens_.try_emplace(id, &entry->first);
  if (!is_free && *reverse->second != token)
    node.reject("id {} belongs to two tokens, {} and {}", id, in_quotes(*reverse->second),
                in_quotes(token));
  id_limit_ = std::max(id_limit_, id + 1);
}

std::optional<std::int32_t> Vocabulary::id_of(std::string_view token) const {
  const auto entry = ids_.find(token);
  if (entry == ids_.end())
    return std::nullopt;
  return entry->second;
}

const std::string* Vocabulary::token_of(std::int32_t id) const {
  const auto entry = tokens_.find(id);
  return entry == tokens_.end() ? nullptr : entry->second;
}

}  // namespace ashlar::tokenizer
