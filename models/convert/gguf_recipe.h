// SPDX-License-Identifier: Apache-2.0
// Which type each tensor gets in a GGUF file.
#pragma once

#include "models/formats/gguf/block_type.h"
#include "models/formats/model_config.h"

#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

struct GgufRecipe {
  std::string_view name;    // "f16", "q8_0", "q4_k_m", ...
  gguf::BlockType type;     // of matrices
  std::uint32_t file_type;  // `general.file_type`
  // As llama.cpp mixes: values and MLP outputs of the layers that matter most get Q6_K.
  bool mixes = false;

  // Of the tensor `name` (in GGUF's spelling). Vectors, biases, routers and tables of positions
  // stay f32. K-quants keep the output matrix, or the embedding that serves as one, in Q6_K. Where
  // blocks do not divide the rows, a type of smaller blocks stands in, at last f16.
  gguf::BlockType type_of(std::string_view name, const Shape& shape,
                          const ModelConfig& config) const;
};

// Throws InvalidArgument, listing the known ones.
const GgufRecipe& find_gguf_recipe(std::string_view name);
std::vector<std::string> gguf_recipe_names();

}  // namespace ashlar
