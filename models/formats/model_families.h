// SPDX-License-Identifier: Apache-2.0
// The model types that config.json may name: one function each, which holds all that is particular
// to the family, and one table.
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
  // Everything but tokens, dtype and the values that a wrapper may keep outside; `tied_embeddings`
  // gets the family's default.
  ModelConfig (*read)(const JsonFields& fields);
};

// Throws Unsupported, listing the known types.
const ModelFamily& find_model_family(std::string_view model_type, std::string_view file);

}  // namespace ashlar
