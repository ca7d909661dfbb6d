// SPDX-License-Identifier: Apache-2.0
// Where a model comes from: a folder of files (ModelFiles), a GGUF file (GgufModel), or a published
// shape filled with random numbers (RandomModel).
#pragma once

#include "models/formats/model_config.h"
#include "models/generate/checkpoint_source.h"

#include <cstdint>
#include <vector>

namespace ashlar {

class ModelSource : public CheckpointSource {
public:
  virtual const ModelConfig& config() const = 0;
  // The element type that activations should have.
  virtual DType default_dtype() const = 0;
  // The tokens that end a generation.
  virtual std::vector<std::int32_t> stop_tokens() const = 0;

  std::optional<QuantizationConfig> quantization() const final { return config().quantization; }
};

// Throws InvalidArgument, naming the first of them and their number, unless the model has every
// weight that the program names, of the same type and shape, and unless the program was compiled
// from an equal config.json.
void check_program(const ModelSource& source, const Program& program);

}  // namespace ashlar
