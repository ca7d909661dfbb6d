// SPDX-License-Identifier: Apache-2.0
// Where a model comes from: a folder of files (ModelFiles), or a published shape filled with random
// numbers (RandomModel).
#pragma once

#include "models/formats/model_config.h"
#include "models/nn/weights.h"
#include "runtime/executor/weights.h"

#include <optional>

namespace ashlar {

class Tokenizer;

// Immutable; const functions may be called from several threads.
class ModelSource {
public:
  virtual ~ModelSource() = default;

  virtual const ModelConfig& config() const = 0;
  // For tracing: tensors in the types that read_weight delivers.
  virtual nn::Weights weights() const = 0;
  // Writes the bytes of a weight that start at `offset`. For Executor::load_weights.
  virtual void read_weight(const WeightSpec& weight, std::uint64_t offset,
                           std::span<std::byte> chunk) const = 0;
  // The element type that activations should have.
  virtual DType default_dtype() const = 0;
  // The tokens that end a generation.
  virtual std::vector<std::int32_t> stop_tokens() const = 0;
  // None where the model knows ids only.
  virtual std::optional<Tokenizer> find_tokenizer() const = 0;
};

}  // namespace ashlar
