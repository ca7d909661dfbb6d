// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/architecture.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>

namespace ashlar::gguf {
namespace {

constexpr NamePair kModelNames[] = {
    {"token_embd", "model.embed_tokens"},
    {"output_norm", "model.norm"},
    {"output", "lm_head"},
    {"per_layer_token_embd", "model.embed_tokens_per_layer"},
    {"per_layer_model_proj", "model.per_layer_model_projection"},
    {"per_layer_proj_norm", "model.per_layer_projection_norm"},
};

constexpr NamePair kMamba2ModelNames[] = {{"token_embd", "backbone.embeddings"},
                                          {"output_norm", "backbone.norm_f"},
                                          {"output", "lm_head"}};

constexpr NamePair kBertModelNames[] = {
    {"token_embd", "embeddings.word_embeddings"},
    {"position_embd", "embeddings.position_embeddings"},
    {"token_types", "embeddings.token_type_embeddings"},
    {"token_embd_norm", "embeddings.LayerNorm"},
    {"cls", "pooler.dense"},
    {"cls.output", "classifier"},
};

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
constexpr NamePair kGemma4[] = {
    {"post_attention_norm", "post_attention_layernorm"},
    {"ffn_norm", "pre_feedforward_layernorm"},
    {"post_ffw_norm", "post_feedforward_layernorm"},
    {"post_ffw_norm_1", "post_feedforward_layernorm_1"},
    {"pre_ffw_norm_2", "pre_feedforward_layernorm_2"},
    {"post_ffw_norm_2", "post_feedforward_layernorm_2"},
    {"ffn_gate_inp", "router.proj"},
    {"ffn_gate_inp.scale", "router.scale"},
    {"ffn_down_exps.scale", "router.per_expert_scale"},
    {"ffn_gate_exps", "experts.switch_glu.gate_proj"},
    {"ffn_up_exps", "experts.switch_glu.up_proj"},
    {"ffn_down_exps", "experts.switch_glu.down_proj"},
    {"inp_gate", "per_layer_input_gate"},
    {"proj", "per_layer_projection"},
    {"post_norm", "post_per_layer_input_norm"},
    {"layer_output_scale.weight", "layer_scalar"},
};
constexpr NamePair kGptOss[] = {
    {"post_attention_norm", "post_attention_layernorm"},
    {"attn_sinks.weight", "self_attn.sinks"},
    {"ffn_gate_inp", "mlp.router"},
    {"ffn_gate_exps", "mlp.experts.gate_proj"},
    {"ffn_up_exps", "mlp.experts.up_proj"},
    {"ffn_down_exps", "mlp.experts.down_proj"},
};
constexpr NamePair kSparseExperts[] = {
    {"ffn_gate_inp", "block_sparse_moe.gate"},
    {"exp_probs_b.bias", "block_sparse_moe.e_score_correction_bias"},
    {"ffn_gate_exps", "block_sparse_moe.switch_mlp.gate_proj"},
    {"ffn_up_exps", "block_sparse_moe.switch_mlp.up_proj"},
    {"ffn_down_exps", "block_sparse_moe.switch_mlp.down_proj"},
};
constexpr NamePair kMamba2[] = {
    {"attn_norm", "norm"},          {"ssm_in", "mixer.in_proj"},
    {"ssm_conv1d", "mixer.conv1d"}, {"ssm_dt.bias", "mixer.dt_bias"},
    {"ssm_a", "mixer.A_log"},       {"ssm_d", "mixer.D"},
    {"ssm_norm", "mixer.norm"},     {"ssm_out", "mixer.out_proj"},
};
constexpr NamePair kBert[] = {
    {"attn_q", "attention.self.query"},
    {"attn_k", "attention.self.key"},
    {"attn_v", "attention.self.value"},
    {"attn_output", "attention.output.dense"},
    {"attn_output_norm", "attention.output.LayerNorm"},
    {"ffn_up", "intermediate.dense"},
    {"ffn_down", "output.dense"},
    {"layer_output_norm", "output.LayerNorm"},
};
constexpr NamePair kQwenExperts[] = {
    {"ffn_gate_inp", "mlp.gate"},
    {"ffn_gate_exps", "mlp.switch_mlp.gate_proj"},
    {"ffn_up_exps", "mlp.switch_mlp.up_proj"},
    {"ffn_down_exps", "mlp.switch_mlp.down_proj"},
    {"ffn_gate_inp_shexp", "mlp.shared_expert_gate"},
    {"ffn_gate_shexp", "mlp.shared_expert.gate_proj"},
    {"ffn_up_shexp", "mlp.shared_expert.up_proj"},
    {"ffn_down_shexp", "mlp.shared_expert.down_proj"},
};

// One architecture has `ssm_ba`, the others `ssm_alpha` and `ssm_beta`.
constexpr NamePair kQwenHybrid[] = {
    {"post_attention_norm", "post_attention_layernorm"},
    {"attn_qkv", "linear_attn.in_proj_qkv"},
    {"attn_gate", "linear_attn.in_proj_z"},
    {"ssm_ba", "linear_attn.in_proj_ba"},
    {"ssm_alpha", "linear_attn.in_proj_a"},
    {"ssm_beta", "linear_attn.in_proj_b"},
    {"ssm_conv1d", "linear_attn.conv1d"},
    {"ssm_a", "linear_attn.A_log"},
    {"ssm_dt.bias", "linear_attn.dt_bias"},
    {"ssm_norm", "linear_attn.norm"},
    {"ssm_out", "linear_attn.out_proj"},
};

constexpr Architecture kArchitectures[] = {
    {.name = "bert",
     .model_type = "bert",
     .layer_names = kBert,
     .model_names = kBertModelNames,
     .layers = "encoder.layer.",
     .is_encoder = true},
    {.name = "gemma",
     .model_type = "gemma",
     .layer_names = kPreNorms,
     .adds_one_to_norms = true,
     .is_gemma = true},
    {.name = "gemma2",
     .model_type = "gemma2",
     .layer_names = kPostNorms,
     .adds_one_to_norms = true,
     .is_gemma = true,
     .sliding_period = 2,
     .layers_of_other_scale = 46},
    {.name = "gemma3",
     .model_type = "gemma3_text",
     .layer_names = kPostNorms,
     .adds_one_to_norms = true,
     .is_gemma = true,
     .sliding_period = 6,
     .layers_of_other_scale = 62},
    {.name = "gemma4",
     .model_type = "gemma4_text",
     .layer_names = kGemma4,
     .is_gemma = true,
     .sliding_period = 6},
    {.name = "gpt-oss", .model_type = "gpt_oss", .layer_names = kGptOss, .sliding_period = 2},
    {.name = "llama",
     .model_type = "llama",
     .layer_names = kPreNorms,
     .expert_names = kSparseExperts,
     .interleaves_rope = true},
    {.name = "mamba2",
     .model_type = "mamba2",
     .layer_names = kMamba2,
     .model_names = kMamba2ModelNames,
     .layers = "backbone.layers.",
     .is_mamba2 = true},
    {.name = "minimax-m2",
     .model_type = "minimax_m2",
     .layer_names = kPreNorms,
     .expert_names = kSparseExperts,
     .routes_by_sigmoid = true},
    {.name = "mistral3",
     .model_type = "ministral3",
     .layer_names = kPreNorms,
     .interleaves_rope = true},
    {.name = "qwen2", .model_type = "qwen2", .layer_names = kPreNorms},
    {.name = "qwen2moe",
     .model_type = "qwen2_moe",
     .layer_names = kPreNorms,
     .expert_names = kQwenExperts,
     .normalises_experts = false},
    {.name = "qwen3", .model_type = "qwen3", .layer_names = kPreNorms},
    {.name = "qwen35",
     .model_type = "qwen3_5_text",
     .layer_names = kQwenHybrid,
     .expert_names = kQwenExperts,
     .adds_one_to_norms = true,
     .has_delta_nets = true,
     .tiles_value_heads = true},
    {.name = "qwen35moe",
     .model_type = "qwen3_5_moe_text",
     .layer_names = kQwenHybrid,
     .expert_names = kQwenExperts,
     .adds_one_to_norms = true,
     .has_delta_nets = true,
     .tiles_value_heads = true},
    {.name = "qwen3moe",
     .model_type = "qwen3_moe",
     .layer_names = kPreNorms,
     .expert_names = kQwenExperts},
    {.name = "qwen3next",
     .model_type = "qwen3_next",
     .layer_names = kQwenHybrid,
     .expert_names = kQwenExperts,
     .adds_one_to_norms = true,
     .has_delta_nets = true},
};

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

// The names of a layer's tensor; some have no module.
std::optional<std::string> rename_in_layer(const Architecture& architecture, std::string_view name,
                                           Side from, Side to) {
  const auto parts = split(name);
  const std::span<const NamePair> tables[] = {architecture.layer_names, architecture.expert_names,
                                              kLayerNames};
  for (const std::span<const NamePair> names : tables) {
    if (const auto whole = translate(names, name, from, to))
      return std::string(*whole);
    if (const auto known = parts ? translate(names, parts->module, from, to) : std::nullopt)
      return fmt::format("{}{}", *known, parts->part);
  }
  return std::nullopt;
}

std::optional<std::string> rename(const Architecture& architecture, std::string_view full,
                                  std::string_view layers_from, std::string_view layers_to,
                                  Side from, Side to) {
  const std::span<const NamePair> model_names =
      architecture.model_names.empty() ? kModelNames : architecture.model_names;
  if (const auto name = split(full))
    if (const auto known = translate(model_names, name->module, from, to))
      return fmt::format("{}{}", *known, name->part);
  if (!full.starts_with(layers_from))
    return std::nullopt;
  const std::string_view rest = full.substr(layers_from.size());
  const std::size_t dot = std::min(rest.find('.'), rest.size());
  const std::string_view layer = rest.substr(0, dot);
  const bool is_number = !layer.empty() && layer.find_first_not_of("0123456789") == layer.npos;
  const auto known =
      rename_in_layer(architecture, rest.substr(std::min(dot + 1, rest.size())), from, to);
  if (!known || !is_number)
    return std::nullopt;
  return fmt::format("{}{}.{}", layers_to, layer, *known);
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
  // What sets these apart from llama are keys of the metadata.
  const bool is_llama = decoder_type == "mistral" || decoder_type == "mixtral";
  const std::string_view type = is_llama ? "llama" : decoder_type;
  const auto found = std::ranges::find(kArchitectures, type, &Architecture::model_type);
  if (found == std::end(kArchitectures))
    throw Unsupported("gguf", "models of type {} cannot be stored as GGUF yet", decoder_type);
  return *found;
}

std::optional<std::string> checkpoint_name(const Architecture& architecture,
                                           std::string_view name) {
  return rename(architecture, name, "blk.", architecture.layers, &NamePair::gguf,
                &NamePair::checkpoint);
}

std::optional<std::string> gguf_name(const Architecture& architecture, std::string_view name) {
  return rename(architecture, name, architecture.layers, "blk.", &NamePair::checkpoint,
                &NamePair::gguf);
}

std::string_view name_in_layer(std::string_view name) {
  constexpr std::string_view kLayers = "model.layers.";
  if (!name.starts_with(kLayers))
    return {};
  return name.substr(std::min(name.find('.', kLayers.size()), name.size() - 1) + 1);
}

StoredAs stored_as(const Architecture& architecture, std::string_view name) {
  if (name.ends_with(".A_log"))
    return StoredAs::negative_exponential;
  // The gated norm of a delta net multiplies with its weight alone.
  const bool one_more = architecture.adds_one_to_norms && name.ends_with("norm.weight") &&
                        !name.ends_with("linear_attn.norm.weight");
  return one_more ? StoredAs::one_more : StoredAs::itself;
}

}  // namespace ashlar::gguf
