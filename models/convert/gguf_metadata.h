// SPDX-License-Identifier: Apache-2.0
// What a model folder's files say, as the metadata of a GGUF file.
#pragma once

#include "models/formats/gguf/value.h"
#include "models/generate/model_source.h"

#include <optional>
#include <vector>

namespace ashlar {

// Sizes, rope, tokenizer and chat template. Throws Unsupported for models that GGUF cannot describe
// or that are not known here.
gguf::Metadata gguf_metadata(const ModelSource& model);

// The tensor `rope_freqs.weight`: what llama3 scaling, longrope and proportional rope divide each
// frequency of full layers by. None for other ropes.
std::optional<std::vector<float>> gguf_rope_divisors(const ModelConfig& config);

}  // namespace ashlar
