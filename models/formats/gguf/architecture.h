// SPDX-License-Identifier: Apache-2.0
// The model families that GGUF files hold, and how their tensors differ from those of checkpoint
// folders.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ashlar::gguf {

// What both call the same module, or tensor.
struct NamePair {
  std::string_view gguf, checkpoint;
};

// What `expert_gating_func` calls the functions that routers score with.
inline constexpr std::int64_t kSoftmaxRouter = 1, kSigmoidRouter = 2;

struct Architecture {
  std::string_view name;        // `general.architecture`
  std::string_view model_type;  // of config.json, unless keys of the metadata say more
  // Of the layers, besides what most architectures have in common.
  std::span<const NamePair> layer_names;
  std::span<const NamePair> expert_names = {};  // and of their routers and experts
  // Of what lies outside of the layers; none: what most architectures have.
  std::span<const NamePair> model_names = {};
  std::string_view layers = "model.layers.";  // in front of a layer's number in a checkpoint
  bool is_mamba2 = false;
  bool is_encoder = false;
  // Rows of the query and key projections are stored so that rope turns neighbours: row 2i of a
  // head is row i of the checkpoint's, row 2i + 1 its row i + D/2.
  bool interleaves_rope = false;
  bool adds_one_to_norms = false;   // to the weights of norms that the checkpoint stores less one
  bool is_gemma = false;            // activation gelu_tanh, tied heads
  std::int64_t sliding_period = 0;  // one layer of so many is full, the last; 0: all are alike
  // Whose models with so many layers scale queries by hidden_size / heads instead of the heads'
  // size, which the files leave unsaid.
  std::int64_t layers_of_other_scale = 0;
  bool has_delta_nets = false;
  bool tiles_value_heads = false;  // of delta nets (head_order.h)
  bool normalises_experts = true;  // a token's experts have weights that sum to 1
  bool routes_by_sigmoid = false;  // and chooses with a correction
};

// Throws Unsupported, listing the known ones; `file` names the file in messages.
const Architecture& find_architecture(std::string_view name, std::string_view file);
// What a model of this type (ModelConfig::decoder_type) is stored as; throws Unsupported.
const Architecture& architecture_of(std::string_view decoder_type);

// "blk.3.attn_q.weight" to "model.layers.3.self_attn.q_proj.weight" and back; none for names that
// have no counterpart.
std::optional<std::string> checkpoint_name(const Architecture& architecture, std::string_view name);
std::optional<std::string> gguf_name(const Architecture& architecture, std::string_view name);

// "model.layers.3.self_attn.q_proj.weight" without the first three parts; nothing of other names.
std::string_view name_in_layer(std::string_view name);

// What a number x of a checkpoint is stored as: x, x + 1 or -exp(x).
enum class StoredAs { itself, one_more, negative_exponential };
StoredAs stored_as(const Architecture& architecture, std::string_view name);

}  // namespace ashlar::gguf
