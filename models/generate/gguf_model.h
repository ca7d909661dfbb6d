// SPDX-License-Identifier: Apache-2.0
// A model in a GGUF file, opened and checked but not yet on any device.
#pragma once

#include "models/formats/gguf/checkpoint.h"
#include "models/generate/model_source.h"

#include <filesystem>

namespace ashlar {

class GgufModel final : public ModelSource {
public:
  // Throws IoError, FormatError or Unsupported, naming the file.
  static GgufModel open(const std::filesystem::path& path,
                        gguf::KScales scales = gguf::KScales::two_steps);

  const gguf::Checkpoint& checkpoint() const { return checkpoint_; }

  std::string name() const override { return checkpoint_.name(); }
  const ModelConfig& config() const override { return config_; }
  nlohmann::json config_json() const override { return checkpoint_.config(); }
  std::vector<std::string> weight_names() const override;
  std::optional<WeightSpec> find_weight(std::string_view name) const override;
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const override;
  DType default_dtype() const override;
  std::vector<std::int32_t> stop_tokens() const override;
  std::optional<std::string> tokenizer_json() const override;
  std::optional<std::string> chat_template(bool has_tools) const override;
  std::map<std::string, std::string> special_tokens() const override;

private:
  explicit GgufModel(gguf::Checkpoint checkpoint);

  gguf::Checkpoint checkpoint_;
  ModelConfig config_;
};

}  // namespace ashlar
