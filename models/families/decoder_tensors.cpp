// SPDX-License-Identifier: Apache-2.0
#include "models/families/decoder_tensors.h"

#include <fmt/format.h>

#include <string_view>

namespace ashlar {
namespace {

class TensorList {
public:
  explicit TensorList(const ModelConfig& config) : config_(config) {}

  std::vector<DecoderTensor> list() {
    const Shape vocabulary{config_.vocab_size, config_.hidden_size};
    add("model.embed_tokens.weight", vocabulary, TensorRole::matrix);
    for (std::size_t i = 0; i < config_.layers.size(); ++i)
      add_layer(fmt::format("model.layers.{}", i), config_.layers[i]);
    add_norm("model.norm", config_.hidden_size);
    if (!config_.tied_embeddings)
      add("lm_head.weight", vocabulary, TensorRole::matrix);
    return std::move(tensors_);
  }

private:
  void add(std::string name, const Shape& shape, TensorRole role) {
    tensors_.push_back({std::move(name), shape, role});
  }

  void add_norm(std::string_view module, std::int64_t width) {
    add(fmt::format("{}.weight", module), {width}, TensorRole::norm);
  }

  void add_linear(std::string_view module, std::int64_t out, std::int64_t in, bool bias) {
    add(fmt::format("{}.weight", module), {out, in}, TensorRole::matrix);
    if (bias)
      add(fmt::format("{}.bias", module), {out}, TensorRole::bias);
  }

  void add_layer(const std::string& module, const LayerConfig& layer) {
    add_norm(module + ".input_layernorm", config_.hidden_size);
    add_attention(module + ".self_attn", layer);
    add_norm(module + ".post_attention_layernorm", config_.hidden_size);
    if (config_.post_norms)
      add_norm(module + ".pre_feedforward_layernorm", config_.hidden_size);
    if (layer.has_experts)
      add_experts(fmt::format("{}.{}", module, config_.experts->names.block), *config_.experts);
    else
      add_mlp(module + ".mlp", layer.intermediate_size, config_.mlp_bias);
    if (config_.post_norms)
      add_norm(module + ".post_feedforward_layernorm", config_.hidden_size);
  }

  void add_attention(const std::string& module, const LayerConfig& layer) {
    const std::int64_t query = config_.attention_heads * layer.head_dim;
    const std::int64_t key = layer.kv_heads * layer.head_dim;
    add_linear(module + ".q_proj", query, config_.hidden_size, config_.qkv_bias);
    add_linear(module + ".k_proj", key, config_.hidden_size, config_.qkv_bias);
    add_linear(module + ".v_proj", key, config_.hidden_size, config_.qkv_bias);
    if (config_.qk_norm || config_.joint_qk_norm) {
      add_norm(module + ".q_norm", config_.joint_qk_norm ? query : layer.head_dim);
      add_norm(module + ".k_norm", config_.joint_qk_norm ? key : layer.head_dim);
    }
    add_linear(module + ".o_proj", config_.hidden_size, query, config_.output_bias);
  }

  void add_mlp(const std::string& module, std::int64_t wide, bool bias) {
    const std::int64_t narrow = config_.hidden_size;
    add_linear(module + ".gate_proj", wide, narrow, bias);
    add_linear(module + ".up_proj", wide, narrow, bias);
    add_linear(module + ".down_proj", narrow, wide, bias);
  }

  void add_experts(const std::string& module, const ExpertsConfig& experts) {
    const std::int64_t wide = experts.intermediate_size, narrow = config_.hidden_size;
    add_linear(module + ".gate", experts.count, narrow, /*bias=*/false);
    if (experts.has_correction)
      add(module + ".e_score_correction_bias", {experts.count}, TensorRole::bias);
    for (std::int64_t i = 0; i < experts.count; ++i) {
      const auto projection = [&](std::string_view name) {
        return fmt::format("{}.experts.{}.{}", module, i, name);
      };
      add_linear(projection(experts.names.gate), wide, narrow, /*bias=*/false);
      add_linear(projection(experts.names.up), wide, narrow, /*bias=*/false);
      add_linear(projection(experts.names.down), narrow, wide, /*bias=*/false);
    }
    if (experts.shared_intermediate_size == 0)
      return;
    add_mlp(module + ".shared_expert", experts.shared_intermediate_size, /*bias=*/false);
    add_linear(module + ".shared_expert_gate", 1, narrow, /*bias=*/false);
  }

  const ModelConfig& config_;
  std::vector<DecoderTensor> tensors_;
};

}  // namespace

std::vector<DecoderTensor> decoder_tensors(const ModelConfig& config) {
  return TensorList(config).list();
}

}  // namespace ashlar
