// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/architecture.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <span>

namespace ashlar::gguf {
namespace {

// clang-format off
constexpr Architecture kArchitectures[] = {
    {"gemma3", "gemma3_text", false, true, true},
    {"llama", "llama", true},
    {"qwen2", "qwen2"},
    {"qwen3", "qwen3"},
};
// clang-format on

struct NamePair {
  std::string_view gguf, checkpoint;
};

constexpr NamePair kModelNames[] = {
    {"token_embd", "model.embed_tokens"}, {"output_norm", "model.norm"}, {"output", "lm_head"}};

constexpr NamePair kLayerNames[] = {
    {"attn_norm", "input_layernorm"},    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},      {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"}, {"attn_q_norm", "self_attn.q_norm"},
    {"attn_k_norm", "self_attn.k_norm"}, {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},           {"ffn_down", "mlp.down_proj"},
};
constexpr NamePair kPreNorms[] = {{"ffn_norm", "post_attention_layernorm"}};
constexpr NamePair kPostNorms[] = {{"post_attention_norm", "post_attention_layernorm"},
                                   {"ffn_norm", "pre_feedforward_layernorm"},
                                   {"post_ffw_norm", "post_feedforward_layernorm"}};

using Side = std::string_view NamePair::*;

std::optional<std::string_view> translate(std::span<const NamePair> pairs, std::string_view name,
                                          Side from, Side to) {
  const auto found = std::ranges::find(pairs, name, from);
  return found == pairs.end() ? std::nullopt : std::optional((*found).*to);
}

// A name without its last part, which is kept: ".weight" or ".bias".
struct Name {
  std::string_view module, part;
};

std::optional<Name> split(std::string_view name) {
  for (const std::string_view part : {".weight", ".bias"})
    if (name.ends_with(part))
      return Name{name.substr(0, name.size() - part.size()), part};
  return std::nullopt;
}

std::optional<std::string> rename(const Architecture& architecture, std::string_view full,
                                  std::string_view layers_from, std::string_view layers_to,
                                  Side from, Side to) {
  const auto name = split(full);
  if (!name)
    return std::nullopt;
  if (const auto known = translate(kModelNames, name->module, from, to))
    return fmt::format("{}{}", *known, name->part);
  if (!name->module.starts_with(layers_from))
    return std::nullopt;
  const std::string_view rest = name->module.substr(layers_from.size());
  const std::size_t dot = std::min(rest.find('.'), rest.size());
  const std::string_view layer = rest.substr(0, dot),
                         module = rest.substr(std::min(dot + 1, rest.size()));
  const bool is_number = !layer.empty() && layer.find_first_not_of("0123456789") == layer.npos;
  auto known = translate(kLayerNames, module, from, to);
  if (!known)
    known = architecture.has_post_norms ? translate(kPostNorms, module, from, to)
                                        : translate(kPreNorms, module, from, to);
  if (!known || !is_number)
    return std::nullopt;
  return fmt::format("{}{}.{}{}", layers_to, layer, *known, name->part);
}

}  // namespace

const Architecture& find_architecture(std::string_view name, std::string_view file) {
  std::string known;
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == name)
      return architecture;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", architecture.name);
  }
  throw Unsupported("gguf", "{}: architecture {} is not supported: expected one of {}", file,
                    in_quotes(name, 40), known);
}

const Architecture& architecture_of(std::string_view decoder_type) {
  // What sets mistral apart is a key of the metadata.
  const std::string_view type = decoder_type == "mistral" ? "llama" : decoder_type;
  const auto found = std::ranges::find(kArchitectures, type, &Architecture::model_type);
  if (found == std::end(kArchitectures))
    throw Unsupported("gguf", "models of type {} cannot be stored as GGUF yet", decoder_type);
  return *found;
}

std::optional<std::string> checkpoint_name(const Architecture& architecture,
                                           std::string_view name) {
  return rename(architecture, name, "blk.", "model.layers.", &NamePair::gguf,
                &NamePair::checkpoint);
}

std::optional<std::string> gguf_name(const Architecture& architecture, std::string_view name) {
  return rename(architecture, name, "model.layers.", "blk.", &NamePair::checkpoint,
                &NamePair::gguf);
}

}  // namespace ashlar::gguf
