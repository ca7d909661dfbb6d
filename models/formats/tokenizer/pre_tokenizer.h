// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers of tokenizer.json: they cut normalised text into the pieces that the model encodes
// one by one, and some rewrite the text as well. All are immutable and thread-safe.
#pragma once

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/normalizer.h"
#include "models/formats/tokenizer/span.h"
#include "models/formats/tokenizer/work_limit.h"

#include <memory>
#include <string>
#include <vector>

namespace ashlar::tokenizer {

// A text and the pieces it is cut into: ascending, not empty, not overlapping.
struct PieceList {
  // One piece, the whole stretch.
  explicit PieceList(Stretch stretch);

  std::string text;
  std::vector<Span> pieces;
  // The first piece begins with the first character of the whole input.
  bool at_start = false;
};

class PreTokenizer {
public:
  virtual ~PreTokenizer() = default;
  virtual void apply(PieceList& list, WorkLimit& limit) const = 0;
};

// Throws FormatError for a malformed description, Unsupported for a type that is not known.
std::unique_ptr<PreTokenizer> make_pre_tokenizer(const JsonNode& node);

}  // namespace ashlar::tokenizer
