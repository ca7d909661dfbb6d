// SPDX-License-Identifier: Apache-2.0
// Byte-pair encoding: a piece starts as its characters, and of all adjacent pairs that have a merge
// the one of lowest rank is joined, leftmost first, until none is left (Sennrich et al. 2016). A
// heap of candidates makes it O(n log n) in the length of the piece.
#pragma once

#include "models/formats/tokenizer/model.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ashlar::tokenizer {

class Bpe : public Model {
public:
  explicit Bpe(const JsonNode& node);

  // Throws FormatError if the piece has an unknown character and `unk_token` is not in the
  // vocabulary.
  void encode(std::string_view piece, WorkLimit& limit,
              std::vector<std::int32_t>& ids) const override;

private:
  struct Merge {
    std::int32_t rank;
    std::int32_t id;  // of the joined token
  };
  class Word;

  void load_merges(const JsonNode& merges);
  // What is wrong with the merge, if anything.
  std::optional<std::string> add_merge(std::string_view left, std::string_view right,
                                       std::int32_t rank);

  const Merge* find_merge(std::int32_t left, std::int32_t right) const;
  std::vector<std::int32_t> initial_ids(std::string_view piece) const;

  std::unordered_map<std::uint64_t, Merge> merges_;  // by both ids
  std::optional<std::string> unknown_token_;
  std::string prefix_;  // of every symbol but the first of a piece
  std::string suffix_;  // of the last symbol of a piece
  bool fuses_unknown_;
  bool falls_back_to_bytes_;
  bool ignores_merges_;
};

}  // namespace ashlar::tokenizer
