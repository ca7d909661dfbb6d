// SPDX-License-Identifier: Apache-2.0
// A two-way table between token strings and ids: every token has one id and every id one token.
// Thread-safe once filled.
#pragma once

#include "models/formats/tokenizer/json_node.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ashlar::tokenizer {

// Ids of a well-formed file lie below this.
inline constexpr std::int64_t kMaxTokenCount = std::int64_t{1} << 22;
inline constexpr std::size_t kMaxTokenBytes = 64 * 1024;

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

class Vocabulary {
public:
  Vocabulary() = default;
  // The object `{token: id, ...}`.
  explicit Vocabulary(const JsonNode& node);

  Vocabulary(Vocabulary&&) = default;
  Vocabulary& operator=(Vocabulary&&) = default;

  // Throws FormatError, with the path of `node`, if the token or the id is already taken by
  // another.
  void add(const JsonNode& node, std::string_view token, std::int32_t id);

  std::optional<std::int32_t> id_of(std::string_view token) const;
  // Null if no token has this id. Lives as long as the vocabulary.
  const std::string* token_of(std::int32_t id) const;

  // Calls `visit(token, id)` for every token, in no order.
  template <typename Visit> void for_each(Visit visit) const {
    for (const auto& [token, id] : ids_)
      visit(std::string_view(token), id);
  }

  std::size_t size() const { return ids_.size(); }
  // One more than the largest id.
  std::int32_t id_limit() const { return id_limit_; }

private:
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> ids_;
  std::unordered_map<std::int32_t, const std::string*> tokens_;
  std::int32_t id_limit_ = 0;
};

}  // namespace ashlar::tokenizer
