// SPDX-License-Identifier: Apache-2.0
// What checkpoints call the tensors of a decoder outside of its blocks.
#pragma once

#include "models/formats/model_config.h"

#include <string_view>

namespace ashlar {

struct DecoderNames {
  std::string_view model = "model";
  std::string_view embeddings = "embed_tokens";
  std::string_view mixer_norm = "input_layernorm";
  std::string_view final_norm = "norm";
};

DecoderNames decoder_names(const ModelConfig& config);

// The module of a layer's token mixer.
std::string_view name_of(TokenMixer mixer);

}  // namespace ashlar
