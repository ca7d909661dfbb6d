// SPDX-License-Identifier: Apache-2.0
// A model of any shape whose weights are random numbers: as fast as the real one, and as useless as
// it sounds for anything else.
#pragma once

#include "models/families/decoder_tensors.h"
#include "models/generate/model_source.h"

#include <map>
#include <memory>

namespace ashlar {

// Matrices are uniform with variance 1 / columns, so that activations keep their size; norms
// multiply by one; biases are small. The same numbers in every run.
class RandomModel final : public ModelSource {
public:
  // Weights and activations are `dtype`; with `encoding`, matrices are quantised to it, embeddings
  // included. Throws InvalidArgument unless `dtype` is a float and groups divide all rows.
  RandomModel(const ModelConfig& config, DType dtype,
              std::optional<AffineEncoding> encoding = std::nullopt);

  std::string name() const override { return "the model of random weights"; }
  const ModelConfig& config() const override { return config_; }
  // There is none; throws Unsupported.
  nlohmann::json config_json() const override;
  std::vector<std::string> weight_names() const override;
  std::optional<WeightSpec> find_weight(std::string_view name) const override;
  // `offset` must be a multiple of 32 bytes.
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const override;
  DType default_dtype() const override { return dtype_; }
  // Random weights end nothing.
  std::vector<std::int32_t> stop_tokens() const override { return {}; }
  std::optional<std::string> tokenizer_json() const override { return std::nullopt; }
  std::optional<std::string> chat_template(bool) const override { return std::nullopt; }
  std::map<std::string, std::string> special_tokens() const override { return {}; }

private:
  // Values uniform in center + [-1, 1) * spread; of packed words (u32), any bits.
  struct Tensor {
    DType dtype;
    Shape shape;
    double center = 0;
    double spread = 0;
  };
  using Tensors = std::map<std::string, Tensor, std::less<>>;

  void add(Tensors& tensors, const DecoderTensor& tensor) const;
  void add_quantized(Tensors& tensors, const DecoderTensor& tensor) const;

  ModelConfig config_;
  DType dtype_;
  std::shared_ptr<const Tensors> tensors_;
};

// A published shape with weights "f32", "f16", "bf16", or "q4" and "q8": groups of 64 with bf16
// scales, biases and activations. Throws InvalidArgument for other names.
RandomModel random_model(std::string_view shape, std::string_view weights);

}  // namespace ashlar
