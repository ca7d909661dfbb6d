// SPDX-License-Identifier: Apache-2.0
// What decoders (ModelSource) and text encoders (EncoderSource) have in common: tensors by name,
// and what belongs to text.
#pragma once

#include "models/formats/quantization_config.h"
#include "runtime/executor/weights.h"

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

class Tokenizer;

// Immutable; const functions may be called from several threads.
class CheckpointSource {
public:
  virtual ~CheckpointSource() = default;

  virtual std::string name() const = 0;  // for messages: the path, quoted
  // The config as config.json has it, as an object.
  virtual nlohmann::json config_json() const = 0;
  // Of the tensors as find_weight gives them.
  virtual std::optional<QuantizationConfig> quantization() const = 0;
  // Of all tensors, also those that no program asks for; sorted.
  virtual std::vector<std::string> weight_names() const = 0;
  // A tensor in the type that read_weight delivers; nothing when there is none of that name.
  virtual std::optional<WeightSpec> find_weight(std::string_view name) const = 0;
  // Writes the bytes of a weight that start at `offset`. For Executor::load_weights.
  virtual void read_weight(const WeightSpec& weight, std::uint64_t offset,
                           std::span<std::byte> chunk) const = 0;
  // The text of a tokenizer.json; none where the model knows ids only. Throws FormatError and
  // Unsupported.
  virtual std::optional<std::string> tokenizer_json() const = 0;
  // The source of the chat template, with tools the one for them; none where there is none.
  virtual std::optional<std::string> chat_template(bool has_tools) const = 0;
  // "bos_token", "eos_token", ... as chat templates see them.
  virtual std::map<std::string, std::string> special_tokens() const = 0;

  // From tokenizer_json; throws what that and Tokenizer::from_json throw.
  std::optional<Tokenizer> find_tokenizer() const;
};

}  // namespace ashlar
