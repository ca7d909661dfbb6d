// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/pattern.h"

#include <utility>

namespace ashlar::tokenizer {
namespace {

std::vector<Span> find_literal(std::string_view text, std::string_view literal) {
  std::vector<Span> matches;
  for (std::size_t at = text.find(literal); at != std::string_view::npos;
       at = text.find(literal, at + literal.size()))
    matches.push_back({at, at + literal.size()});
  return matches;
}

}  // namespace

Pattern::Pattern(std::string literal) : matcher_(std::move(literal)) {
  // An empty text is found between all characters, as the empty expression is.
  if (std::get<std::string>(matcher_).empty())
    matcher_.emplace<Regex>("");
}

std::vector<Span> Pattern::find_all(std::string_view text, WorkLimit& limit) const {
  if (const auto* literal = std::get_if<std::string>(&matcher_))
    return find_literal(text, *literal);
  return std::get<Regex>(matcher_).find_all(text, limit);
}

std::string replace_spans(std::string_view text, const std::vector<Span>& matches,
                          std::string_view content, const WorkLimit& limit) {
  std::string result;
  std::size_t kept = 0;
  for (const Span& match : matches) {
    result += text.substr(kept, match.begin - kept);
    result += content;
    limit.check_size(result.size());
    kept = match.end;
  }
  result += text.substr(kept);
  return result;
}

Pattern make_pattern(const JsonNode& node) {
  if (const auto literal = node.find("String"))
    return Pattern(literal->as_string());
  if (const auto regex = node.find("Regex"))
    return Pattern(Regex(regex->as_string()));
  node.reject("expected a \"String\" or a \"Regex\"");
}

}  // namespace ashlar::tokenizer
