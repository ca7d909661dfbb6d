// SPDX-License-Identifier: Apache-2.0
// A checkpoint's config.json as a plain value that says everything a decoder's forward pass depends
// on.
//
// Both generations of spelling are read (`rope_theta` + `rope_scaling`, `rope_parameters`;
// `torch_dtype`, `dtype`), absent keys get the defaults of the model type, and what this library
// cannot compute is refused by name instead of being left out. All sizes are positive and below the
// limits given here.
#pragma once

#include "models/formats/quantization_config.h"
#include "models/formats/rope_config.h"
#include "runtime/program/dtype.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar {

inline constexpr std::int64_t kMaxLayers = 1024;
inline constexpr std::int64_t kMaxVocabulary = 1 << 22;
inline constexpr std::int64_t kMaxWidth = 1 << 20;  // hidden and intermediate size
inline constexpr std::int64_t kMaxHeads = 1 << 12;
inline constexpr std::int64_t kMaxHeadDim = 1 << 12;
inline constexpr std::int64_t kMaxPositions = 1 << 28;
inline constexpr std::int64_t kMaxTokenId = (std::int64_t{1} << 31) - 1;

enum class AttentionKind { full, sliding };
enum class Activation { silu, gelu, gelu_tanh };
// What the normalised row is multiplied with: the weight, or one plus the weight.
enum class NormKind { plain, one_plus };

// What a router makes of its logits, in f32: softmax over the experts, or each one's sigmoid.
enum class RouterScore { softmax, sigmoid };

// How a checkpoint names the experts: a layer's block, and the projections of each expert.
struct ExpertNames {
  std::string_view block = "mlp";
  std::string_view gate = "gate_proj", up = "up_proj", down = "down_proj";
};

// A mixture of experts: gated MLPs, of which each token goes through a few.
struct ExpertsConfig {
  std::int64_t count = 0;
  std::int64_t chosen = 0;             // for each token, at most `count`
  std::int64_t intermediate_size = 0;  // of each
  RouterScore score = RouterScore::softmax;
  bool normalised = true;  // the weights of a token's experts are scaled to sum to 1
  bool has_correction =
      false;  // a bias for each expert is added where they are chosen, not weighed
  std::int64_t shared_intermediate_size = 0;  // of an expert for all tokens, with a gate; 0: none
  ExpertNames names;
};

// What may differ from layer to layer.
struct LayerConfig {
  AttentionKind attention = AttentionKind::full;
  std::int64_t kv_heads = 0;  // divides attention_heads
  std::int64_t head_dim = 0;  // the same for all layers of an attention kind
  std::int64_t intermediate_size = 0;
  bool has_experts = false;  // ModelConfig::experts, in the MLP's place

  bool operator==(const LayerConfig&) const = default;
};

struct ModelConfig {
  std::uint64_t hash = 0;    // XXH3-64 of the JSON value, whatever its white space
  std::string model_type;    // of the file; wrappers such as "gemma3" prefix the tensor names
  std::string decoder_type;  // of the decoder inside, "gemma3_text"; else the same

  std::int64_t vocab_size = 0;
  std::int64_t hidden_size = 0;
  std::int64_t attention_heads = 0;
  std::int64_t max_positions = 0;

  std::vector<LayerConfig> layers;
  std::int64_t sliding_window =
      0;                     // keys a sliding layer sees, its own included; 0 without such layers
  RopeParameters full_rope;  // of full layers
  RopeParameters sliding_rope;  // of sliding layers
  double query_scale = 0;       // multiplies query * key
  bool qk_norm = false;         // q and k are normalised before rope, each head for itself
  bool joint_qk_norm = false;   // or all heads of each as one row
  bool qkv_bias = false;
  bool output_bias = false;
  bool mlp_bias = false;

  NormKind norm = NormKind::plain;
  double norm_epsilon = 0;
  bool post_norms =
      false;  // attention's and MLP's outputs are normalised too, before they are added
  Activation activation = Activation::silu;
  std::optional<ExpertsConfig> experts;  // of the layers that have some
  double embedding_scale = 1;            // exact; round it to the activations' type
  // Scores and logits x become c * tanh(x / c); without a value they stay.
  std::optional<double> attention_softcap;
  std::optional<double> final_logit_softcap;
  bool tied_embeddings = false;

  std::optional<DType> dtype;  // of the weights, if stated
  std::optional<QuantizationConfig> quantization;
  std::optional<std::int64_t> bos_token_id;
  std::vector<std::int64_t> eos_token_ids;

  // The first layer of this kind, or null.
  const LayerConfig* find_layer(AttentionKind kind) const;
  const RopeParameters& rope(AttentionKind kind) const {
    return kind == AttentionKind::full ? full_rope : sliding_rope;
  }
};

// `file` names the text in messages. Throws FormatError for wrong values, Unsupported for model
// types, features and rope types that are not known here.
ModelConfig parse_model_config(const nlohmann::json& config, std::string_view file);

// Reads `folder`/config.json; throws IoError too.
ModelConfig read_model_config(const std::filesystem::path& folder);

}  // namespace ashlar
