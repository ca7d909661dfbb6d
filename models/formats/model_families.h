// SPDX-License-Identifier: Apache-2.0
// The model types that config.json may name: tables of the readers in models/formats/families, and
// of the models that wrap such a decoder.
#pragma once

#include "models/formats/json_fields.h"
#include "models/formats/model_config.h"

#include <span>
#include <string_view>

namespace ashlar {

struct ModelFamily {
  std::string_view model_type;
  ModelConfig (*read)(const JsonFields& fields);
};

// A multimodal model, which keeps its decoder's config under `text_config`.
struct ModelWrapper {
  std::string_view model_type;
  // Which decoders it may wrap; the first one where the config does not say.
  std::span<const std::string_view> decoders;
};

// Null when no wrapper has this type.
const ModelWrapper* find_model_wrapper(std::string_view model_type);

// Throws Unsupported, listing the known types, wrappers too.
const ModelFamily& find_model_family(std::string_view model_type, std::string_view file);

}  // namespace ashlar
