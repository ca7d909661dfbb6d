// SPDX-License-Identifier: Apache-2.0
#include "models/convert/gguf_recipe.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace ashlar {
namespace {

using gguf::BlockType;

constexpr GgufRecipe kRecipes[] = {
    {"f32", BlockType::f32, 0},    {"f16", BlockType::f16, 1},
    {"bf16", BlockType::bf16, 32}, {"q8_0", BlockType::q8_0, 7},
    {"q4_0", BlockType::q4_0, 2},  {"q4_1", BlockType::q4_1, 3},
    {"q5_0", BlockType::q5_0, 8},  {"q5_1", BlockType::q5_1, 9},
    {"q2_k", BlockType::q2_k, 10}, {"q3_k", BlockType::q3_k, 12},
    {"q4_k", BlockType::q4_k, 14}, {"q4_k_m", BlockType::q4_k, 15, true},
    {"q5_k", BlockType::q5_k, 16}, {"q6_k", BlockType::q6_k, 18},
};

bool is_output(std::string_view name, const ModelConfig& config) {
  return name == (config.tied_embeddings ? "token_embd.weight" : "output.weight");
}

// The first and the last eighth of the layers, and every third between.
bool matters_most(std::string_view name, const ModelConfig& config) {
  if (!name.ends_with(".attn_v.weight") && !name.ends_with(".ffn_down.weight") &&
      !name.ends_with(".ffn_down_exps.weight"))
    return false;
  const std::string_view number = name.substr(name.find('.') + 1);
  std::int64_t layer = 0;
  std::from_chars(number.data(), number.data() + number.size(), layer);
  const std::int64_t layers = std::ssize(config.layers), eighth = layers / 8;
  return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
}

bool stays_in_floats(std::string_view name) {
  constexpr std::string_view kEnds[] = {
      ".bias",  ".ffn_gate_inp.weight", ".ssm_conv1d.weight",   ".ssm_a",
      ".ssm_d", ".ssm_norm.weight",     "position_embd.weight", "token_types.weight"};
  return std::ranges::any_of(kEnds, [&](std::string_view end) { return name.ends_with(end); });
}

BlockType smaller(BlockType type) {
  switch (type) {
  case BlockType::q2_k:
  case BlockType::q3_k:
    return BlockType::q4_0;
  case BlockType::q4_k:
    return BlockType::q5_0;
  case BlockType::q5_k:
    return BlockType::q5_1;
  case BlockType::q6_k:
    return BlockType::q8_0;
  default:
    return BlockType::f16;
  }
}

}  // namespace

BlockType GgufRecipe::type_of(std::string_view tensor, const Shape& shape,
                              const ModelConfig& config) const {
  if (shape.rank() < 2 || stays_in_floats(tensor))
    return BlockType::f32;
  const bool is_k_quant = gguf::block_elements(type) == 256;
  BlockType chosen = type;
  if ((is_k_quant && is_output(tensor, config)) || (mixes && matters_most(tensor, config)))
    chosen = BlockType::q6_k;
  while (shape.dim(-1) % gguf::block_elements(chosen) != 0)
    chosen = smaller(chosen);
  return chosen;
}

const GgufRecipe& find_gguf_recipe(std::string_view name) {
  const auto found = std::ranges::find(kRecipes, name, &GgufRecipe::name);
  if (found == std::end(kRecipes))
    throw InvalidArgument("convert", "no type '{}' of GGUF files: expected one of {}", name,
                          fmt::join(gguf_recipe_names(), ", "));
  return *found;
}

std::vector<std::string> gguf_recipe_names() {
  std::vector<std::string> names;
  for (const GgufRecipe& recipe : kRecipes)
    names.emplace_back(recipe.name);
  return names;
}

}  // namespace ashlar
