// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/prefix_tree.h"

namespace ashlar::tokenizer {

std::uint64_t PrefixTree::edge(Node node, char byte) {
  return (std::uint64_t{node} << 8) | static_cast<std::uint8_t>(byte);
}

void PrefixTree::insert(std::string_view key, std::int32_t value) {
  if (key.empty())
    return;
  is_first_byte_[static_cast<std::uint8_t>(key.front())] = true;
  Node node = 0;
  for (const char byte : key) {
    const auto [child, is_new] = children_.try_emplace(edge(node, byte), node_count_);
    node_count_ += is_new ? 1 : 0;
    node = child->second;
  }
  values_.insert_or_assign(node, value);
}

std::optional<PrefixTree::Match> PrefixTree::find_next(std::string_view text,
                                                       std::size_t offset) const {
  for (; offset < text.size(); ++offset)
    if (is_first_byte_[static_cast<std::uint8_t>(text[offset])])
      if (const auto match = longest_at(text, offset))
        return match;
  return std::nullopt;
}

std::optional<PrefixTree::Match> PrefixTree::longest_at(std::string_view text,
                                                        std::size_t begin) const {
  std::optional<Match> longest;
  for_each_at(text, begin, [&](const Match& match) { longest = match; });
  return longest;
}

}  // namespace ashlar::tokenizer
