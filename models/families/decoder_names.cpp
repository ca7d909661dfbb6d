// SPDX-License-Identifier: Apache-2.0
#include "models/families/decoder_names.h"

namespace ashlar {

DecoderNames decoder_names(const ModelConfig& config) {
  if (config.layers.front().mixer == TokenMixer::mamba2)
    return {.model = "backbone",
            .embeddings = "embeddings",
            .mixer_norm = "norm",
            .final_norm = "norm_f"};
  return {};
}

std::string_view name_of(TokenMixer mixer) {
  switch (mixer) {
  case TokenMixer::attention:
    return "self_attn";
  case TokenMixer::gated_delta_net:
    return "linear_attn";
  case TokenMixer::mamba2:
    return "mixer";
  }
  __builtin_unreachable();
}

}  // namespace ashlar
