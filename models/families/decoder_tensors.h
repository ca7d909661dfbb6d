// SPDX-License-Identifier: Apache-2.0
// The tensors that a checkpoint of a decoder holds, from its config alone.
#pragma once

#include "models/formats/model_config.h"
#include "runtime/program/shape.h"

#include <string>
#include <vector>

namespace ashlar {

// A `norm` is of the config's kind, what scales a layer too; `bias` stands for all small tensors of
// a block; a `stack` of matrices is no module's weight and never quantised.
enum class TensorRole { matrix, stack, norm, plain_norm, bias };

struct DecoderTensor {
  std::string name;  // of a checkpoint without a wrapper's prefix: "model.embed_tokens.weight"
  Shape shape;
  TensorRole role;
};

// In the order of the forward pass.
std::vector<DecoderTensor> decoder_tensors(const ModelConfig& config);

}  // namespace ashlar
