// SPDX-License-Identifier: Apache-2.0
// generation_config.json: the sampling that a checkpoint's authors suggest, and its stop tokens.
#pragma once

#include "models/formats/model_config.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace ashlar {

// Absent values are not suggested; without `do_sample` decoding is greedy.
struct GenerationConfig {
  std::vector<std::int64_t> eos_token_ids;
  std::optional<std::int64_t> bos_token_id;
  bool do_sample = false;
  std::optional<double> temperature;         // >= 0
  std::optional<std::int64_t> top_k;         // >= 0; 0 is off
  std::optional<double> top_p;               // in [0, 1]
  std::optional<double> min_p;               // in [0, 1]
  std::optional<double> repetition_penalty;  // > 0
  std::optional<std::int64_t> max_new_tokens;
};

// Throws FormatError.
GenerationConfig parse_generation_config(const nlohmann::json& config, std::string_view file);

// Reads `folder`/generation_config.json; without that file, nothing is suggested.
GenerationConfig read_generation_config(const std::filesystem::path& folder);

// The tokens that end a generation: those of both configs and the tokenizer's, ascending.
std::vector<std::int64_t> stop_tokens(const ModelConfig& model, const GenerationConfig& generation,
                                      std::optional<std::int64_t> tokenizer_eos);

}  // namespace ashlar
