// SPDX-License-Identifier: Apache-2.0
// A set of byte strings with values, searched for in a text.
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

  // The next occurrence, of several keys there the longest, at or behind `offset`. Time: text
  // length times longest key, at most.
  std::optional<Match> find_next(std::string_view text, std::size_t offset) const;

  // The longest key that stands in `text` at `begin`.
  std::optional<Match> longest_at(std::string_view text, std::size_t begin) const;

  // Calls `visit(match)` for every key that stands in `text` at `begin`, shortest first.
  template <typename Visit>
  void for_each_at(std::string_view text, std::size_t begin, Visit visit) const {
    Node node = 0;
    for (std::size_t end = begin; end < text.size(); ++end) {
      const auto child = children_.find(edge(node, text[end]));
      if (child == children_.end())
        return;
      node = child->second;
      if (const auto value = values_.find(node); value != values_.end())
        visit(Match{{begin, end + 1}, value->second});
    }
  }

private:
  using Node = std::uint32_t;

  static std::uint64_t edge(Node node, char byte);

  std::array<bool, 256> is_first_byte_{};
  Node node_count_ = 1;  // the root is 0
  std::unordered_map<std::uint64_t, Node> children_;
  std::unordered_map<Node, std::int32_t> values_;
};

}  // namespace ashlar::tokenizer
