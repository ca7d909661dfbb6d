// SPDX-License-Identifier: Apache-2.0
// SentencePiece's compiled normalisation rules: strings and what stands for them. The compiled form
// is a 32-bit length, a trie of that many bytes (a Darts double array) and the replacements, each
// ended by a NUL; everything is little-endian. Immutable and thread-safe.
#pragma once

#include "models/formats/tokenizer/json_node.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::tokenizer {

class CharacterMap {
public:
  // The compiled form in base64. Throws FormatError where it is malformed.
  explicit CharacterMap(const JsonNode& node);

  // What stands for the shortest string of the map that `text` begins with, if there is one. Throws
  // FormatError where the trie leads out of the data.
  std::optional<std::string_view> find(std::string_view text) const;

private:
  std::uint32_t unit(std::size_t index) const;
  std::string_view replacement(std::size_t begin) const;

  std::vector<std::uint32_t> units_;
  std::string replacements_;
};

}  // namespace ashlar::tokenizer
