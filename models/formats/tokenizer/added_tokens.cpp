// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/added_tokens.h"

#include "models/formats/tokenizer/unicode.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <utility>

namespace ashlar::tokenizer {
namespace {

// Bounds the work per character of text.
constexpr std::size_t kMaxContentBytes = 512;
constexpr std::size_t kTypicalContentBytes = 64;

AddedToken parse_token(const JsonNode& node, const Normalizer* normalizer, WorkLimit& limit) {
  AddedToken token;
  token.id = static_cast<std::int32_t>(node.at("id").as_index(kMaxTokenCount));
  token.content = node.at("content").as_string();
  token.single_word = node.bool_or("single_word", false);
  token.lstrip = node.bool_or("lstrip", false);
  token.rstrip = node.bool_or("rstrip", false);
  token.special = node.bool_or("special", false);
  token.normalized = node.bool_or("normalized", !token.special);
  if (token.content.size() > kMaxContentBytes)
    node.reject("content of {} bytes: at most {} are allowed", token.content.size(),
                kMaxContentBytes);
  Stretch matched{token.content};
  if (token.normalized && normalizer)
    normalizer->apply(matched, limit);
  token.matched = std::move(matched.text);
  return token;
}

// Offset of the character that ends at `end`.
std::size_t previous_offset(std::string_view text, std::size_t end) {
  do
    --end;
  while ((static_cast<std::uint8_t>(text[end]) & 0xC0) == 0x80);
  return end;
}

char32_t character_before(std::string_view text, std::size_t end) {
  std::size_t offset = previous_offset(text, end);
  return next_code_point(text, offset);
}

bool is_inside_word(std::string_view text, const Span& match) {
  const auto follows = [&] {
    std::size_t offset = match.end;
    return offset < text.size() && is_word(next_code_point(text, offset));
  };
  return (match.begin > 0 && is_word(character_before(text, match.begin))) || follows();
}

std::size_t extend_left(std::string_view text, std::size_t begin, std::size_t limit) {
  while (begin > limit && is_whitespace(character_before(text, begin)))
    begin = previous_offset(text, begin);
  return begin;
}

// Finds where white space ends, for offsets that only grow. A token of white space matches again
// within what it swallowed, so the last run is remembered.
class RightExtension {
public:
  explicit RightExtension(std::string_view text) : text_(text) {}

  std::size_t operator()(std::size_t end) {
    if (end <= run_.end)
      return run_.end;
    run_ = {end, end};
    for (std::size_t offset = end; offset < text_.size();) {
      if (!is_whitespace(next_code_point(text_, offset)))
        break;
      run_.end = offset;
    }
    return run_.end;
  }

private:
  std::string_view text_;
  Span run_;
};

}  // namespace

AddedTokens::AddedTokens(const std::optional<JsonNode>& list, const Normalizer* normalizer,
                         const Vocabulary& model) {
  const std::size_t count = list ? list->size() : 0;
  WorkLimit limit = WorkLimit::for_text(count * kTypicalContentBytes);
  for (std::size_t i = 0; i < count; ++i) {
    AddedToken token = parse_token((*list)[i], normalizer, limit);
    if (!token.content.empty())
      add((*list)[i], std::move(token), model);
  }
}

void AddedTokens::add(const JsonNode& node, AddedToken token, const Vocabulary& model) {
  const auto model_id = model.id_of(token.content);
  if (model_id && *model_id != token.id)
    node.reject("token {} has id {}, but {} in the vocabulary of the model",
                in_quotes(token.content), token.id, *model_id);
  const std::string* model_token = model.token_of(token.id);
  if (model_token && *model_token != token.content)
    node.reject("id {} of token {} belongs to {} in the vocabulary of the model", token.id,
                in_quotes(token.content), in_quotes(*model_token));
  vocabulary_.add(node, token.content, token.id);
  (token.normalized ? normalized_tree_ : raw_tree_).insert(token.matched, token.id);
  tokens_.insert_or_assign(token.id, std::move(token));
}

std::vector<Section> AddedTokens::split(std::string_view text, const PrefixTree& tree) const {
  std::vector<Section> sections;
  RightExtension extend_right(text);
  std::size_t covered = 0;
  for (std::size_t offset = 0; const auto match = tree.find_next(text, offset);) {
    offset = match->span.end;
    const AddedToken& token = tokens_.at(match->value);
    if (token.single_word && is_inside_word(text, match->span))
      continue;
    Span span = match->span;
    if (token.lstrip)
      span.begin = std::max(covered, extend_left(text, span.begin, covered));
    if (token.rstrip)
      span.end = extend_right(span.end);
    // The token before may have swallowed this one, or its beginning; the latter counts again.
    if (span.begin >= span.end)
      continue;
    if (covered < span.begin)
      sections.push_back({{covered, span.begin}, std::nullopt});
    sections.push_back({span, token.id});
    covered = span.end;
  }
  if (covered != text.size())
    sections.push_back({{covered, text.size()}, std::nullopt});
  return sections;
}

const std::string* AddedTokens::text_of(std::int32_t id) const {
  const auto token = tokens_.find(id);
  return token == tokens_.end() ? nullptr : &token->second.matched;
}

bool AddedTokens::is_special(std::int32_t id) const {
  const auto token = tokens_.find(id);
  return token != tokens_.end() && token->second.special;
}

std::vector<std::int32_t> AddedTokens::special_ids() const {
  std::vector<std::int32_t> ids;
  for (const auto& [id, token] : tokens_)
    if (token.special)
      ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace ashlar::tokenizer
