// SPDX-License-Identifier: Apache-2.0
// Where a model comes from: a folder of files (ModelFiles), or a published shape filled with random
// numbers (RandomModel).
#pragma once

#include "models/formats/model_config.h"
#include "runtime/executor/weights.h"

#include <optional>
#include <string_view>

namespace ashlar {

class Tokenizer;

// Immutable; const functions may be called from several threads.
class ModelSource {
public:
  virtual ~ModelSource() = default;

  virtual const ModelConfig& config() const = 0;
  // A tensor in the type that read_weight delivers; nothing when there is none of that name.
  virtual std::optional<WeightSpec> find_weight(std::string_view name) const = 0;
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

// Throws InvalidArgument, naming the first of them and their number, unless the model has every
// weight that the program names, of the same type and shape, and unless the program was compiled
// from an equal config.json.
void check_program(const ModelSource& source, const Program& program);

}  // namespace ashlar
