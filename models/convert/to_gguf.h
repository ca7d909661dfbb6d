// SPDX-License-Identifier: Apache-2.0
// A model in floats as a GGUF file.
#pragma once

#include "models/convert/encode_rows.h"
#include "models/convert/gguf_recipe.h"
#include "models/generate/model_source.h"

#include <filesystem>
#include <functional>

namespace ashlar {

// Writes the decoder's tensors, metadata, tokenizer and chat template; of a wrapper, other parts
// stay out. The file appears complete or not at all and replaces one of that name. `on_tensor` is
// called for each tensor when it is done. Throws Unsupported for models that GGUF cannot describe,
// InvalidArgument for models that are quantised already, and what reading and writing throw.
void write_gguf(const ModelSource& model, const std::filesystem::path& out,
                const GgufRecipe& recipe,
                const std::function<void(const WrittenTensor&)>& on_tensor = {});

}  // namespace ashlar
