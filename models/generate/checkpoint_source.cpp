// SPDX-License-Identifier: Apache-2.0
#include "models/generate/checkpoint_source.h"

#include "models/formats/tokenizer/tokenizer.h"

namespace ashlar {

std::optional<Tokenizer> CheckpointSource::find_tokenizer() const {
  const auto text = tokenizer_json();
  return text ? std::optional(Tokenizer::from_json(*text, name())) : std::nullopt;
}

}  // namespace ashlar
