// SPDX-License-Identifier: Apache-2.0
// The tensors that a checkpoint of a dense decoder holds, from its config alone.
#pragma once

#include "models/formats/model_config.h"
#include "runtime/program/shape.h"

#include <string>
#include <vector>

namespace ashlar {

// norm: what rows are scaled by. A stack of matrices that is no module's weight is never quantised.
enum class TensorRole { matrix, stack, norm, bias };

struct DecoderTensor {
  std::string name;  // of a checkpoint without a wrapper's prefix: "model.embed_tokens.weight"
  Shape shape;
  TensorRole role;
};

// In the order of the forward pass.
std::vector<DecoderTensor> decoder_tensors(const ModelConfig& config);

}  // namespace ashlar
