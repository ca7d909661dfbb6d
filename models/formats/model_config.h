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
inline constexpr std::int64_t kMaxConvKernel = 64;
inline constexpr std::int64_t kMaxTokenId = (std::int64_t{1} << 31) - 1;

enum class AttentionKind { full, sliding };
// What mixes the tokens of a layer: attention, or a recurrence (RecurrenceConfig).
enum class TokenMixer { attention, gated_delta_net, mamba2 };
enum class Activation { silu, gelu, gelu_tanh };
// What the normalised row is multiplied with: the weight after rounding, or in f32 before it; or
// one plus the weight, in f32.
enum class NormKind { plain, plain_f32, one_plus };

// What a router makes of its logits, in f32: softmax over the experts, or each one's sigmoid.
enum class RouterScore { softmax, sigmoid };

// How a checkpoint names the experts: a layer's block, and the projections of each expert.
struct ExpertNames {
  std::string_view block = "mlp", router = "gate";
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
  bool has_biases = false;                    // router and projections
  // c: instead of activation(gate) * up, (up + 1) * gate * sigmoid(1.702 * gate) for a gate of at
  // most c and an up of -c to c.
  std::optional<double> clamp;
  // They stand beside an MLP, between norms of their own, and their router sees the residual
  // stream.
  bool beside_mlp = false;
  // Gate and up are every other row of one tensor.
  bool interleaved = false;
  ExpertNames names;
};

// What may differ from layer to layer.
struct LayerConfig {
  TokenMixer mixer = TokenMixer::attention;
  AttentionKind attention = AttentionKind::full;
  std::int64_t kv_heads = 0;           // divides attention_heads
  std::int64_t head_dim = 0;           // the same for all layers of an attention kind
  std::int64_t intermediate_size = 0;  // of the MLP; 0: none
  bool value_is_key = false;           // values are the projected keys, without norm and rope
  // An earlier layer of the same sizes, whose keys and values this one sees; it has none of its
  // own.
  std::optional<std::int64_t> kv_source = {};
  bool has_experts = false;  // ModelConfig::experts, in the MLP's place or beside it

  bool has_feed_forward() const { return has_experts || intermediate_size > 0; }

  bool operator==(const LayerConfig&) const = default;
};

// A second embedding table, of which each layer gets `width` numbers per token.
struct PerLayerEmbedding {
  std::int64_t vocab_size = 0;
  std::int64_t width = 0;
};

// The sizes that all layers with a recurrent mixer share.
struct RecurrenceConfig {
  std::int64_t conv_kernel = 0;  // at least 2
  std::int64_t groups = 0;       // heads of queries and keys
  std::int64_t heads = 0;        // of values and memory; a multiple of groups
  std::int64_t key_dim = 0;
  std::int64_t value_dim = 0;
  bool conv_bias = false;
  bool projection_bias = false;
  double least_step = 0;  // of mamba2's time step
  std::optional<double> largest_step;

  std::int64_t key_width() const { return groups * key_dim; }
  std::int64_t value_width() const { return heads * value_dim; }
  // Queries, keys and values pass through the convolution.
  std::int64_t conv_channels() const { return 2 * key_width() + value_width(); }
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
  RopeParameters sliding_rope;   // of sliding layers
  double query_scale = 0;        // multiplies query * key
  bool qk_norm = false;          // q and k are normalised before rope, each head for itself
  bool joint_qk_norm = false;    // or all heads of each as one row
  bool value_norm = false;       // each head of v is normalised, without a weight
  bool attention_sinks = false;  // each head sees one more key, of a score of its own and value 0
  bool qkv_bias = false;
  bool output_bias = false;
  bool mlp_bias = false;
  bool gated_attention = false;  // q_proj gives each head a gate too, for attention's output
  std::optional<RecurrenceConfig> recurrence;  // if any layer has a recurrent mixer

  NormKind norm = NormKind::plain;
  double norm_epsilon = 0;
  bool post_norms =
      false;  // attention's and MLP's outputs are normalised too, before they are added
  bool layer_scalar = false;  // each layer's output is multiplied by a number of its own
  Activation activation = Activation::silu;
  std::optional<ExpertsConfig> experts;  // of the layers that have some
  double embedding_scale = 1;            // exact; round it to the activations' type
  std::optional<PerLayerEmbedding> per_layer_embedding;
  bool f32_residual = false;  // the residual stream is f32 whatever the activations' type
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
