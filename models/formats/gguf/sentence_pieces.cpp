// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/sentence_pieces.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

namespace ashlar::gguf {
namespace {

constexpr std::size_t kMaxPieceBytes = 256;
// What merges may take, for files of nothing but cuts: a run of 31 blanks has 30.
constexpr std::size_t kMaxGrowth = 64, kMinMergeBytes = 1 << 20;

}  // namespace

std::vector<PieceMerge> merges_of_pieces(std::span<const ScoredPiece> pieces,
                                         std::string_view file) {
  std::unordered_set<std::string_view> known;
  std::size_t budget = kMinMergeBytes;
  for (const ScoredPiece& piece : pieces) {
    if (piece.text.size() > kMaxPieceBytes || std::isnan(piece.score))
      throw FormatError("gguf", "{}: token {}: expected at most {} bytes with a score", file,
                        in_quotes(piece.text, 40), kMaxPieceBytes);
    known.insert(piece.text);
    budget += kMaxGrowth * piece.text.size();
  }
  std::vector<const ScoredPiece*> by_score;
  for (const ScoredPiece& piece : pieces)
    by_score.push_back(&piece);
  std::ranges::sort(by_score, [](const ScoredPiece* a, const ScoredPiece* b) {
    return a->score > b->score || (a->score == b->score && a < b);  // in the file's order
  });

  std::vector<PieceMerge> merges;
  for (const ScoredPiece* piece : by_score)
    for (std::size_t cut = 1; cut < piece->text.size(); ++cut) {
      const std::string_view left = piece->text.substr(0, cut), right = piece->text.substr(cut);
      if (!known.contains(left) || !known.contains(right))
        continue;
      if (piece->text.size() > budget)
        throw FormatError("gguf", "{}: the tokens can be cut in too many ways", file);
      budget -= piece->text.size();
      merges.push_back({left, right});
    }
  return merges;
}

}  // namespace ashlar::gguf
