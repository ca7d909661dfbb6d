// SPDX-License-Identifier: Apache-2.0
// The two things a pre-tokenizer does to a list of pieces: cut each piece further, or rewrite each.
#pragma once

#include "models/formats/tokenizer/pre_tokenizer.h"
#include "models/formats/tokenizer/split.h"
#include "models/formats/tokenizer/utf8.h"

#include <string_view>
#include <utility>
#include <vector>

namespace ashlar::tokenizer {

// Cuts each piece at the matches that `find(piece)` returns.
template <typename Find>
void split_pieces(PieceList& list, Find find, SplitBehavior behavior, bool invert) {
  std::vector<Span> result;
  std::vector<Span> parts;
  for (const Span& piece : list.pieces) {
    parts.clear();
    split_at(find(piece.in(list.text)), piece.size(), behavior, invert, parts);
    for (const Span& part : parts)
      result.push_back({piece.begin + part.begin, piece.begin + part.end});
  }
  const bool keeps_first = !result.empty() && result.front().begin == list.pieces.front().begin;
  list.at_start = list.at_start && keeps_first;
  list.pieces = std::move(result);
}

// Rewrites each piece to what `append(text, piece, at_start)` writes for it.
template <typename Append> void rewrite_pieces(PieceList& list, Append append) {
  std::string text;
  text.reserve(list.text.size() + list.text.size() / 2);
  bool at_start = list.at_start;
  for (Span& piece : list.pieces) {
    const std::size_t begin = text.size();
    append(text, piece.in(list.text), at_start);
    piece = {begin, text.size()};
    at_start = false;
  }
  list.text = std::move(text);
}

// Every single character of `text` that belongs to a class.
template <typename Class> std::vector<Span> find_characters(std::string_view text, Class belongs) {
  std::vector<Span> matches;
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t begin = offset;
    if (belongs(next_code_point(text, offset)))
      matches.push_back({begin, offset});
  }
  return matches;
}

}  // namespace ashlar::tokenizer
