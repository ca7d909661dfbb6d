// SPDX-License-Identifier: Apache-2.0
#include "models/formats/model_families.h"

#include "models/formats/families/readers.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <string>

namespace ashlar {
namespace {

// One family per line.
// clang-format off
constexpr ModelFamily kFamilies[] = {
    {"gemma3", "gemma3_text", read_gemma3},
    {"gemma3_text", "", read_gemma3},
    {"llama", "", read_llama},
    {"mamba2", "", read_mamba2},
    {"mistral", "", read_mistral},
    {"qwen2", "", read_qwen2},
    {"qwen3", "", read_qwen3},
    {"qwen3_5", "qwen3_5_text", read_qwen3_5},
    {"qwen3_5_text", "", read_qwen3_5},
};
// clang-format on

}  // namespace

const ModelFamily& find_model_family(std::string_view model_type, std::string_view file) {
  std::string known;
  for (const ModelFamily& family : kFamilies) {
    if (family.model_type == model_type)
      return family;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", family.model_type);
  }
  throw Unsupported("config", "{}: model type {} is not supported: expected one of {}", file,
                    in_quotes(model_type, 40), known);
}

}  // namespace ashlar
