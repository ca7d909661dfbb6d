// SPDX-License-Identifier: Apache-2.0
// Where a text encoder comes from: a folder of files, or a GGUF file.
#pragma once

#include "models/formats/encoder_config.h"
#include "models/formats/loadable_tensors.h"
#include "models/formats/pooling_config.h"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace ashlar {

struct EncoderSource {
  EncoderConfig config;
  PoolingConfig pooling;
  std::optional<QuantizationConfig> quantization;
  std::function<std::optional<LoadableTensor>(std::string_view name)> find;
  // The text of a tokenizer.json, if there is one. Throws FormatError and Unsupported.
  std::function<std::optional<std::string>()> tokenizer_json;
};

// Throws IoError, FormatError or Unsupported, naming the file.
EncoderSource open_encoder(const std::filesystem::path& path);

}  // namespace ashlar
