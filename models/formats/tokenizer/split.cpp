// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/split.h"

#include "runtime/program/error.h"

namespace ashlar::tokenizer {
namespace {

// A stretch of the text, either a delimiter or what lies between delimiters.
struct Part {
  Span span;
  bool is_delimiter;
};

std::vector<Part> parts_of(const std::vector<Span>& matches, std::size_t size, bool invert) {
  std::vector<Part> parts;
  parts.reserve(2 * matches.size() + 1);
  std::size_t covered = 0;
  for (const Span& match : matches) {
    if (covered != match.begin)
      parts.push_back({{covered, match.begin}, invert});
    parts.push_back({match, !invert});
    covered = match.end;
  }
  if (covered != size)
    parts.push_back({{covered, size}, invert});
  return parts;
}

void append_unless_empty(std::vector<Span>& pieces, const Span& span) {
  if (!span.empty())
    pieces.push_back(span);
}

// Joins each part to the one before it where `joins(before, part)` says so.
template <typename Joins>
void append_joined(const std::vector<Part>& parts, std::vector<Span>& pieces, Joins joins) {
  for (std::size_t i = 0; i < parts.size();) {
    Span piece = parts[i].span;
    for (++i; i < parts.size() && joins(parts[i - 1], parts[i]); ++i)
      piece.end = parts[i].span.end;
    append_unless_empty(pieces, piece);
  }
}

}  // namespace

SplitBehavior parse_split_behavior(const JsonNode& node) {
  const std::string& name = node.as_string();
  if (name == "Removed")
    return SplitBehavior::kRemoved;
  if (name == "Isolated")
    return SplitBehavior::kIsolated;
  if (name == "MergedWithPrevious")
    return SplitBehavior::kMergedWithPrevious;
  if (name == "MergedWithNext")
    return SplitBehavior::kMergedWithNext;
  if (name == "Contiguous")
    return SplitBehavior::kContiguous;
  node.fail("a split behavior");
}

void split_at(const std::vector<Span>& matches, std::size_t size, SplitBehavior behavior,
              bool invert, std::vector<Span>& pieces) {
  const auto parts = parts_of(matches, size, invert);
  switch (behavior) {
  case SplitBehavior::kRemoved:
    for (const Part& part : parts)
      if (!part.is_delimiter)
        append_unless_empty(pieces, part.span);
    break;
  case SplitBehavior::kIsolated:
    for (const Part& part : parts)
      append_unless_empty(pieces, part.span);
    break;
  case SplitBehavior::kMergedWithPrevious:
    append_joined(parts, pieces, [](const Part& before, const Part& part) {
      return part.is_delimiter && !before.is_delimiter;
    });
    break;
  case SplitBehavior::kMergedWithNext:
    append_joined(parts, pieces, [](const Part& before, const Part& part) {
      return before.is_delimiter && !part.is_delimiter;
    });
    break;
  case SplitBehavior::kContiguous:
    append_joined(parts, pieces, [](const Part& before, const Part& part) {
      return before.is_delimiter == part.is_delimiter;
    });
    break;
  }
}

}  // namespace ashlar::tokenizer
