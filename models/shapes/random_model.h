// SPDX-License-Identifier: Apache-2.0
// A model of any shape whose weights are random numbers: as fast as the real one, and as useless as
// it sounds for anything else.
#pragma once

#include "models/families/decoder_tensors.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "models/generate/model_source.h"

#include <map>
#include <memory>

namespace ashlar {

// Matrices are uniform with variance 1 / columns, so that activations keep their size; norms
// multiply by one; biases are small. The same numbers in every run.
class RandomModel final : public ModelSource {
public:
  // Throws InvalidArgument unless `dtype` is a float. Weights and activations have that type.
  RandomModel(const ModelConfig& config, DType dtype);

  const ModelConfig& config() const override { return config_; }
  std::optional<WeightSpec> find_weight(std::string_view name) const override;
  // `offset` must be a multiple of 32 bytes.
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const override;
  DType default_dtype() const override { return dtype_; }
  // Random weights end nothing.
  std::vector<std::int32_t> stop_tokens() const override { return {}; }
  std::optional<Tokenizer> find_tokenizer() const override { return std::nullopt; }

private:
  using Tensors = std::map<std::string, DecoderTensor, std::less<>>;

  ModelConfig config_;
  DType dtype_;
  std::shared_ptr<const Tensors> tensors_;
};

}  // namespace ashlar
