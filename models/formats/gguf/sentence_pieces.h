// SPDX-License-Identifier: Apache-2.0
// SentencePiece's vocabulary as merges of byte-pair encoding. SentencePiece joins the adjacent pair
// whose union has the highest score, leftmost first; a merge for every way to cut a piece into two
// others, in the order of scores, does the same.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace ashlar::gguf {

struct ScoredPiece {
  std::string_view text;
  float score;
};

struct PieceMerge {
  std::string_view left, right;  // parts of a piece's text
};

// `file` names the file in messages. Throws FormatError for scores that are no numbers, and for
// vocabularies made to take long: pieces of more than 256 bytes, far too many ways to cut them.
std::vector<PieceMerge> merges_of_pieces(std::span<const ScoredPiece> pieces,
                                         std::string_view file);

}  // namespace ashlar::gguf
