// SPDX-License-Identifier: Apache-2.0
// Cutting a text at matches: what happens to the matches, and to the gaps between them.
#pragma once

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/span.h"

#include <string_view>
#include <vector>

namespace ashlar::tokenizer {

enum class SplitBehavior {
  kRemoved,             // matches are dropped
  kIsolated,            // every match and every gap is a piece
  kMergedWithPrevious,  // a match ends the piece before it
  kMergedWithNext,      // a match begins the piece behind it
  kContiguous,          // matches that touch form one piece
};

SplitBehavior parse_split_behavior(const JsonNode& node);

// Appends to `pieces` the non-empty pieces of a text of `size` bytes. `matches` are ascending and
// do not overlap; `invert` swaps matches and gaps.
void split_at(const std::vector<Span>& matches, std::size_t size, SplitBehavior behavior,
              bool invert, std::vector<Span>& pieces);

}  // namespace ashlar::tokenizer
