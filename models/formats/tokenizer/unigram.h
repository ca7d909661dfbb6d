// SPDX-License-Identifier: Apache-2.0
// SentencePiece's unigram language model (Kudo 2018): every token has a log probability, and a
// piece is cut so that their sum is largest (Viterbi). A character that no token covers is unknown,
// at a penalty below the worst token; neighbouring unknowns are one.
#pragma once

#include "models/formats/tokenizer/model.h"
#include "models/formats/tokenizer/prefix_tree.h"
#include "models/formats/tokenizer/span.h"

#include <cstddef>
#include <optional>
#include <string>

namespace ashlar::tokenizer {

class Unigram : public Model {
public:
  explicit Unigram(const JsonNode& node);

  // Throws FormatError if the piece has an unknown character and the file names no `unk_id`.
  void encode(std::string_view piece, WorkLimit& limit,
              std::vector<std::int32_t>& ids) const override;

private:
  // The list `[[token, score], ...]`; a token's id is its place.
  struct Pieces {
    explicit Pieces(const JsonNode& list);

    Vocabulary vocabulary;
    std::vector<double> scores;
  };
  // The best way to a place in the text.
  struct Step {
    double score = 0;
    std::int32_t id = -1;  // of the last token; negative: no way leads here
    std::size_t begin = 0;
  };

  Unigram(const JsonNode& node, Pieces pieces);

  std::vector<Step> best_steps(std::string_view piece, WorkLimit& limit) const;
  // The tokens on the best way, last first.
  std::vector<Span> path(const std::vector<Step>& steps) const;
  void append_ids(std::string_view token, std::vector<std::int32_t>& ids) const;
  std::int32_t unknown_id() const;

  std::vector<double> scores_;  // by id
  double unknown_score_;
  std::optional<std::int32_t> unknown_id_;
  bool falls_back_to_bytes_;
  PrefixTree tree_;
};

}  // namespace ashlar::tokenizer
