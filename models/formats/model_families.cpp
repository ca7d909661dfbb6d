// SPDX-License-Identifier: Apache-2.0
#include "models/formats/model_families.h"

#include "models/formats/families/readers.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fmt/ranges.h>

#include <string>
#include <vector>

namespace ashlar {
namespace {

// One family per line.
// clang-format off
constexpr ModelFamily kFamilies[] = {
    {"gemma", read_gemma},
    {"gemma2", read_gemma2},
    {"gemma3_text", read_gemma3},
    {"gemma4_text", read_gemma4},
    {"gpt_oss", read_gpt_oss},
    {"llama", read_llama},
    {"mamba2", read_mamba2},
    {"minimax_m2", read_minimax_m2},
    {"ministral3", read_ministral3},
    {"mistral", read_mistral},
    {"mixtral", read_mixtral},
    {"qwen2", read_qwen2},
    {"qwen2_moe", read_qwen2_moe},
    {"qwen3", read_qwen3},
    {"qwen3_5_moe_text", read_qwen3_5_moe},
    {"qwen3_5_text", read_qwen3_5},
    {"qwen3_moe", read_qwen3_moe},
    {"qwen3_next", read_qwen3_next},
};

constexpr std::string_view kGemma3[] = {"gemma3_text"};
constexpr std::string_view kGemma4[] = {"gemma4_text"};
constexpr std::string_view kMistral3[] = {"mistral", "ministral3"};
constexpr std::string_view kQwen35[] = {"qwen3_5_text"};
constexpr std::string_view kQwen35Moe[] = {"qwen3_5_moe_text"};

constexpr ModelWrapper kWrappers[] = {
    {"gemma3", kGemma3},
    {"gemma4", kGemma4},
    {"mistral3", kMistral3},
    {"qwen3_5", kQwen35},
    {"qwen3_5_moe", kQwen35Moe},
};
// clang-format on

std::vector<std::string_view> known_types() {
  std::vector<std::string_view> known;
  for (const ModelFamily& family : kFamilies)
    known.push_back(family.model_type);
  for (const ModelWrapper& wrapper : kWrappers)
    known.push_back(wrapper.model_type);
  return known;
}

}  // namespace

const ModelWrapper* find_model_wrapper(std::string_view model_type) {
  for (const ModelWrapper& wrapper : kWrappers)
    if (wrapper.model_type == model_type)
      return &wrapper;
  return nullptr;
}

const ModelFamily& find_model_family(std::string_view model_type, std::string_view file) {
  for (const ModelFamily& family : kFamilies)
    if (family.model_type == model_type)
      return family;
  throw Unsupported("config", "{}: model type {} is not supported: expected one of {}", file,
                    in_quotes(model_type, 40), fmt::join(known_types(), ", "));
}

}  // namespace ashlar
