// SPDX-License-Identifier: Apache-2.0
#include "models/families/decoder_tensors.h"

#include "models/families/decoder_names.h"

#include <fmt/format.h>

#include <string_view>

namespace ashlar {
namespace {

class TensorList {
public:
  explicit TensorList(const ModelConfig& config) : config_(config), names_(decoder_names(config)) {}

  std::vector<DecoderTensor> list() {
    const Shape vocabulary{config_.vocab_size, config_.hidden_size};
    add(fmt::format("{}.{}.weight", names_.model, names_.embeddings), vocabulary,
        TensorRole::matrix);
    if (config_.per_layer_embedding)
      add_per_layer_embedding();
    for (std::size_t i = 0; i < config_.layers.size(); ++i)
      add_layer(fmt::format("{}.layers.{}", names_.model, i), config_.layers[i]);
    add_norm(fmt::format("{}.{}", names_.model, names_.final_norm), config_.hidden_size);
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

  void add_per_layer_embedding() {
    const PerLayerEmbedding& size = *config_.per_layer_embedding;
    const std::int64_t all = static_cast<std::int64_t>(config_.layers.size()) * size.width;
    add("model.embed_tokens_per_layer.weight", {size.vocab_size, all}, TensorRole::matrix);
    add_linear("model.per_layer_model_projection", all, config_.hidden_size, false);
    add_norm("model.per_layer_projection_norm", size.width);
  }

  void add_layer(const std::string& module, const LayerConfig& layer) {
    add_norm(fmt::format("{}.{}", module, names_.mixer_norm), config_.hidden_size);
    add_mixer(fmt::format("{}.{}", module, name_of(layer.mixer)), layer);
    if (!layer.has_feed_forward())
      return;
    add_norm(module + ".post_attention_layernorm", config_.hidden_size);
    if (config_.post_norms)
      add_norm(module + ".pre_feedforward_layernorm", config_.hidden_size);
    const bool beside = layer.has_experts && config_.experts->beside_mlp;
    if (layer.has_experts && !beside)
      add_experts(fmt::format("{}.{}", module, config_.experts->names.block), *config_.experts);
    else
      add_mlp(module + ".mlp", layer.intermediate_size, config_.mlp_bias);
    if (beside)
      add_experts_beside(module, *config_.experts);
    if (config_.post_norms)
      add_norm(module + ".post_feedforward_layernorm", config_.hidden_size);
    if (config_.per_layer_embedding)
      add_gate(module, config_.per_layer_embedding->width);
    if (config_.layer_scalar)
      add(module + ".layer_scalar", {1}, TensorRole::norm);
  }

  void add_gate(const std::string& module, std::int64_t width) {
    add_linear(module + ".per_layer_input_gate", width, config_.hidden_size, false);
    add_linear(module + ".per_layer_projection", config_.hidden_size, width, false);
    add_norm(module + ".post_per_layer_input_norm", config_.hidden_size);
  }

  void add_mixer(const std::string& module, const LayerConfig& layer) {
    switch (layer.mixer) {
    case TokenMixer::attention:
      return add_attention(module, layer);
    case TokenMixer::gated_delta_net:
      return add_gated_delta_net(module, *config_.recurrence);
    case TokenMixer::mamba2:
      return add_mamba2(module, *config_.recurrence);
    }
  }

  void add_gated_delta_net(const std::string& module, const RecurrenceConfig& sizes) {
    const std::int64_t in = config_.hidden_size, value = sizes.value_width();
    add_linear(module + ".in_proj_qkv", sizes.conv_channels(), in, false);
    add_linear(module + ".in_proj_z", value, in, false);
    add_linear(module + ".in_proj_b", sizes.heads, in, false);
    add_linear(module + ".in_proj_a", sizes.heads, in, false);
    add_conv(module + ".conv1d", sizes);
    add_per_head(module, {"A_log", "dt_bias"}, sizes.heads);
    add(module + ".norm.weight", {sizes.value_dim}, TensorRole::plain_norm);
    add_linear(module + ".out_proj", in, value, false);
  }

  void add_mamba2(const std::string& module, const RecurrenceConfig& sizes) {
    const std::int64_t value = sizes.value_width();
    add_linear(module + ".in_proj", value + sizes.conv_channels() + sizes.heads,
               config_.hidden_size, sizes.projection_bias);
    add_conv(module + ".conv1d", sizes);
    add_per_head(module, {"A_log", "dt_bias", "D"}, sizes.heads);
    add(module + ".norm.weight", {value}, TensorRole::plain_norm);
    add_linear(module + ".out_proj", config_.hidden_size, value, sizes.projection_bias);
  }

  void add_conv(const std::string& module, const RecurrenceConfig& sizes) {
    add(module + ".weight", {sizes.conv_channels(), 1, sizes.conv_kernel}, TensorRole::bias);
    if (sizes.conv_bias)
      add(module + ".bias", {sizes.conv_channels()}, TensorRole::bias);
  }

  void add_per_head(const std::string& module, std::initializer_list<std::string_view> names,
                    std::int64_t heads) {
    for (const std::string_view name : names)
      add(fmt::format("{}.{}", module, name), {heads}, TensorRole::bias);
  }

  void add_attention(const std::string& module, const LayerConfig& layer) {
    const std::int64_t query = config_.attention_heads * layer.head_dim;
    add_linear(module + ".q_proj", (config_.gated_attention ? 2 : 1) * query, config_.hidden_size,
               config_.qkv_bias);
    if (config_.attention_sinks)
      add(module + ".sinks", {config_.attention_heads}, TensorRole::bias);
    if (config_.qk_norm || config_.joint_qk_norm)
      add_norm(module + ".q_norm", config_.joint_qk_norm ? query : layer.head_dim);
    if (!layer.kv_source)
      add_keys(module, layer);
    add_linear(module + ".o_proj", config_.hidden_size, query, config_.output_bias);
  }

  void add_keys(const std::string& module, const LayerConfig& layer) {
    const std::int64_t key = layer.kv_heads * layer.head_dim;
    add_linear(module + ".k_proj", key, config_.hidden_size, config_.qkv_bias);
    if (!layer.value_is_key)
      add_linear(module + ".v_proj", key, config_.hidden_size, config_.qkv_bias);
    if (config_.qk_norm || config_.joint_qk_norm)
      add_norm(module + ".k_norm", config_.joint_qk_norm ? key : layer.head_dim);
  }

  void add_mlp(const std::string& module, std::int64_t wide, bool bias) {
    const std::int64_t narrow = config_.hidden_size;
    add_linear(module + ".gate_proj", wide, narrow, bias);
    add_linear(module + ".up_proj", wide, narrow, bias);
    add_linear(module + ".down_proj", narrow, wide, bias);
  }

  void add_experts(const std::string& module, const ExpertsConfig& experts) {
    const std::int64_t wide = experts.intermediate_size, narrow = config_.hidden_size;
    add_linear(fmt::format("{}.{}", module, experts.names.router), experts.count, narrow,
               experts.has_biases);
    if (experts.interleaved)
      return add_interleaved_experts(module + ".experts", experts);
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

  void add_experts_beside(const std::string& module, const ExpertsConfig& experts) {
    const std::int64_t wide = experts.intermediate_size, narrow = config_.hidden_size;
    for (std::string_view norm : {"post_feedforward_layernorm_1", "pre_feedforward_layernorm_2",
                                  "post_feedforward_layernorm_2"})
      add_norm(fmt::format("{}.{}", module, norm), narrow);
    add_linear(module + ".router.proj", experts.count, narrow, /*bias=*/false);
    add(module + ".router.scale", {narrow}, TensorRole::norm);
    add(module + ".router.per_expert_scale", {experts.count}, TensorRole::norm);
    add(module + ".experts.gate_up_proj", {experts.count, 2 * wide, narrow}, TensorRole::stack);
    add(module + ".experts.down_proj", {experts.count, narrow, wide}, TensorRole::stack);
  }

  void add_interleaved_experts(const std::string& module, const ExpertsConfig& experts) {
    const std::int64_t wide = experts.intermediate_size, narrow = config_.hidden_size;
    add(module + ".gate_up_proj", {experts.count, narrow, 2 * wide}, TensorRole::stack);
    add(module + ".gate_up_proj_bias", {experts.count, 2 * wide}, TensorRole::bias);
    add(module + ".down_proj", {experts.count, wide, narrow}, TensorRole::stack);
    add(module + ".down_proj_bias", {experts.count, narrow}, TensorRole::bias);
  }

  const ModelConfig& config_;
  DecoderNames names_;
  std::vector<DecoderTensor> tensors_;
};

}  // namespace

std::vector<DecoderTensor> decoder_tensors(const ModelConfig& config) {
  return TensorList(config).list();
}

}  // namespace ashlar
