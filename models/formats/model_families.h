// SPDX-License-Identifier: Apache-2.0
// The model types that config.json may name: one table of the readers in models/formats/families.
#pragma once

#include "models/formats/json_fields.h"
#include "models/formats/model_config.h"

#include <string_view>

namespace ashlar {

struct ModelFamily {
  std::string_view model_type;
  // A wrapper keeps its decoder's config under `text_config`; this is the decoder's type, else
  // empty.
  std::string_view wrapped_type;
  ModelConfig (*read)(const JsonFields& fields);
};

// Throws Unsupported, listing the known types.
const ModelFamily& find_model_family(std::string_view model_type, std::string_view file);

}  // namespace ashlar
