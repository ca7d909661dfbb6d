// SPDX-License-Identifier: Apache-2.0
// A model folder: what its files say, opened and checked but not yet on any device.
#pragma once

#include "models/formats/checkpoint.h"
#include "models/formats/generation_config.h"
#include "models/formats/loadable_tensors.h"
#include "models/generate/model_source.h"

#include <filesystem>
#include <memory>
#include <optional>

namespace ashlar {

// Tensors as programs read them, or under the names and in the forms that other readers of folders
// know.
enum class TensorForm { for_programs, for_files };

class ModelFiles final : public ModelSource {
public:
  // Throws IoError, FormatError or Unsupported, naming the file. The tokenizer is read when it is
  // first asked for.
  static ModelFiles open(const std::filesystem::path& folder,
                         TensorForm form = TensorForm::for_programs);

  const std::filesystem::path& folder() const { return folder_; }
  std::string name() const override;
  // Its quantisation is that of the tensors as find_weight gives them.
  const ModelConfig& config() const override { return config_; }
  const GenerationConfig& generation() const { return generation_; }
  const Checkpoint& checkpoint() const { return *checkpoint_; }

  nlohmann::json config_json() const override;
  std::vector<std::string> weight_names() const override;
  // Throws FormatError and IoError, as the next two.
  std::optional<std::string> tokenizer_json() const override;
  std::optional<std::string> chat_template(bool has_tools) const override;
  std::map<std::string, std::string> special_tokens() const override;

  std::vector<std::int32_t> stop_tokens() const override;
  // What the checkpoint asks for.
  DType default_dtype() const override;
  // As LoadableTensors gives them. Throws Unsupported for types that no program knows.
  std::optional<WeightSpec> find_weight(std::string_view name) const override;
  // `weight` must have passed check_program.
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const override;

private:
  ModelFiles(std::filesystem::path folder, TensorForm form);

  std::filesystem::path folder_;
  ModelConfig config_;
  GenerationConfig generation_;
  std::shared_ptr<const Checkpoint> checkpoint_;
  std::shared_ptr<const LoadableTensors> tensors_;
};

}  // namespace ashlar
