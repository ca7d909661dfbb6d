// SPDX-License-Identifier: Apache-2.0
// A model folder: what its files say, opened and checked but not yet on any device.
#pragma once

#include "models/formats/checkpoint.h"
#include "models/formats/generation_config.h"
#include "models/formats/model_config.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "runtime/program/program.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

namespace ashlar {

// Immutable after opening; const functions may be called from several threads.
class ModelFiles {
public:
  // Throws IoError, FormatError or Unsupported, naming the file. The tokenizer is read when it is
  // first asked for.
  static ModelFiles open(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const ModelConfig& config() const { return config_; }
  const GenerationConfig& generation() const { return generation_; }
  const Checkpoint& checkpoint() const { return *checkpoint_; }

  // Throws IoError when the folder has none.
  Tokenizer tokenizer() const;

  // The tokens that end a generation.
  std::vector<std::int32_t> stop_tokens() const;

  // The element type that the checkpoint asks activations to have.
  DType default_dtype() const;

  // How a tensor of the checkpoint appears to programs: 64-bit floats as f32, all else as stored.
  // Nothing when there is no such tensor; throws Unsupported for types that no program knows.
  std::optional<WeightSpec> find_weight(std::string_view name) const;

  // Throws InvalidArgument, naming the first of them and their number, unless the checkpoint has
  // every weight that the program names, of the same type and shape, and unless the program was
  // compiled from an equal config.json.
  void check_program(const Program& program) const;

  // Copies bytes of a weight that passed check_program, converting 64-bit floats. For
  // Executor::load_weights.
  void read_weight(const WeightSpec& weight, std::uint64_t offset,
                   std::span<std::byte> chunk) const;

private:
  explicit ModelFiles(std::filesystem::path folder);

  std::filesystem::path folder_;
  ModelConfig config_;
  GenerationConfig generation_;
  std::shared_ptr<const Checkpoint> checkpoint_;
};

}  // namespace ashlar
