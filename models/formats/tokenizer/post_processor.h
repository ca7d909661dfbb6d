// SPDX-License-Identifier: Apache-2.0
// Post-processors of tokenizer.json: they put special tokens round one or two encoded texts. All
// are immutable and thread-safe.
#pragma once

#include "models/formats/tokenizer/json_node.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace ashlar::tokenizer {

// Consecutive ids that share a token type (BERT's segment).
struct IdRun {
  std::vector<std::int32_t> ids;
  std::int32_t type_id = 0;
};

class PostProcessor {
public:
  virtual ~PostProcessor() = default;

  // `runs` holds one or two texts on entry. Without `adds_special_tokens` only order and type ids
  // of the texts are settled. Throws Unsupported if a sequence of processors hands one of them a
  // number of runs that it has no rule for.
  virtual std::vector<IdRun> apply(std::vector<IdRun> runs, bool adds_special_tokens) const = 0;
};

// Throws FormatError for a malformed description, Unsupported for a type that is not known.
std::unique_ptr<PostProcessor> make_post_processor(const JsonNode& node);

}  // namespace ashlar::tokenizer
