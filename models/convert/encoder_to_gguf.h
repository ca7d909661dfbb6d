// SPDX-License-Identifier: Apache-2.0
// A text encoder in floats as a GGUF file of architecture "bert".
#pragma once

#include "models/convert/encode_rows.h"
#include "models/convert/gguf_recipe.h"
#include "models/generate/encoder_source.h"

#include <filesystem>
#include <functional>

namespace ashlar {

// As write_gguf. RoBERTa becomes BERT: its table of positions begins with that of the first token.
// A pooler goes in with a classifier only; heads for training stay out.
void write_encoder_gguf(const EncoderSource& model, const std::filesystem::path& out,
                        const GgufRecipe& recipe,
                        const std::function<void(const WrittenTensor&)>& on_tensor = {});

// The type of its tables, for recipes.
DType stored_dtype(const EncoderSource& model);

}  // namespace ashlar
