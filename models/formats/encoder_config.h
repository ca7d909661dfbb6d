// SPDX-License-Identifier: Apache-2.0
// A text encoder's config.json (BERT, RoBERTa) as a plain value that says everything its forward
// pass depends on. Absent keys get the defaults of the model type; what this library cannot compute
// is refused by name. All sizes are positive and below the limits of model_config.h.
#pragma once

#include "models/formats/model_config.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace ashlar {

// RoBERTa's embeddings count positions from the padding token's id on, and its classifier has the
// pooler's layer inside.
enum class EncoderKind { bert, roberta };

struct EncoderConfig {
  EncoderKind kind = EncoderKind::bert;
  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t intermediate_size = 0;
  std::int64_t layers = 0;
  std::int64_t attention_heads = 0;  // divides hidden_size
  std::int64_t max_positions = 0;    // of a row
  std::int64_t first_position = 0;   // of a row's first token, in the table of positions
  std::int64_t token_types = 0;
  double norm_epsilon = 0;
  Activation activation = Activation::gelu;
  std::int64_t labels = 0;  // scores of the classifier on the first token; 0: there is none

  std::optional<DType> dtype;  // of the weights, if stated
};

// Whether a model type of config.json is one of those that can be read here.
bool is_encoder_type(std::string_view model_type);

// `file` names the text in messages. Throws FormatError for wrong values, Unsupported for other
// model types and features.
EncoderConfig parse_encoder_config(const nlohmann::json& config, std::string_view file);

// Reads `folder`/config.json; throws IoError too.
EncoderConfig read_encoder_config(const std::filesystem::path& folder);

}  // namespace ashlar
