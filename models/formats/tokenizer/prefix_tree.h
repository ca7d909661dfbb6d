// SPDX-License-Identifier: Apache-2.0
// A set of byte strings with values, searched for the leftmost, then longest occurrence in a text.
// Thread-safe once filled.
#pragma once

#include "models/formats/tokenizer/span.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace ashlar::tokenizer {

class PrefixTree {
public:
  struct Match {
    Span span;
    std::int32_t value;
  };

  // Of equal keys the last stays. An empty key is never found and is left out.
  void insert(std::string_view key, std::int32_t value);

  // The next occurrence at or behind `offset`. Time: text length times longest key, at most.
  std::optional<Match> find_next(std::string_view text, std::size_t offset) const;

private:
  using Node = std::uint32_t;

  static std::uint64_t edge(Node node, char byte);
  std::optional<Match> longest_at(std::string_view text, std::size_t begin) const;

  std::array<bool, 256> is_first_byte_{};
  Node node_count_ = 1;  // the root is 0
  std::unordered_map<std::uint64_t, Node> children_;
  std::unordered_map<Node, std::int32_t> values_;
};

}  // namespace ashlar::tokenizer
