// SPDX-License-Identifier: Apache-2.0
// The groups of a decoder layer, one schedule each, and arrays for the schedules that layers lack.
#pragma once

#include "models/formats/model_config.h"
#include "models/nn/weights.h"
#include "runtime/array/array.h"

#include <functional>
#include <string>
#include <vector>

namespace ashlar::bench {

// What a block is built for.
struct BlockShape {
  const ModelConfig& config;
  nn::Weights layer;  // of this copy
  std::int64_t copy;  // number of this copy, for names
  std::int64_t tokens;
  std::int64_t depth;  // keys in the caches
  DType dtype;         // of activations
};

struct Block {
  std::string name;
  std::function<std::vector<Array>(const BlockShape&)> build;  // within a trace
  bool
      has_weights;  // of which a layer's worth is read from memory only if copies follow each other
};

const std::vector<Block>& layer_blocks();
// Independent of the model: elementwise, sums and softmax of rows, scan, sort.
const std::vector<Block>& array_blocks();

}  // namespace ashlar::bench
