// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/config.h"

#include "models/formats/expert_fields.h"
#include "models/formats/gguf/bert_config.h"
#include "models/formats/gguf/gemma4_config.h"
#include "models/formats/gguf/recurrent_config.h"
#include "models/formats/gguf/rope.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"

#include <algorithm>
#include <vector>

namespace ashlar::gguf {
namespace {

using Json = nlohmann::json;

class ConfigReader {
public:
  ConfigReader(const FileSet& files, const Architecture& architecture)
      : files_(files), architecture_(architecture), model_(files.fields()),
        fields_(model_ / architecture.name) {}

  Json read() {
    config_["model_type"] = architecture_.model_type;
    read_sizes();
    if (architecture_.is_mamba2)
      add_mamba2(fields_, config_);
    else
      read_transformer();
    read_tokens();
    return std::move(config_);
  }

private:
  void read_transformer() {
    config_["num_attention_heads"] = fields_.size("attention.head_count");
    read_sliding_layers();
    read_caps();
    if (architecture_.name == "gemma4")
      add_gemma4(files_, fields_, slides_, config_);
    else
      read_layers();
    if (architecture_.has_delta_nets)
      add_delta_nets(fields_, config_);
    read_experts();
  }

  // One value for all layers.
  std::int64_t common(std::string_view key, std::int64_t fallback) const {
    const auto values = fields_.integers(key, kAnySize, static_cast<std::size_t>(layers_));
    if (!values)
      return fallback;
    if (std::ranges::any_of(*values, [&](std::int64_t value) { return value != values->front(); }))
      throw Unsupported("gguf", "{}: {} differs between layers, which is not supported",
                        fields_.where(), key);
    return values->front();
  }

  bool has_tensor(std::string_view name) const { return files_.find(name) != nullptr; }

  void read_sizes() {
    layers_ = fields_.integer("block_count", {1, kMaxLayers}).value_or(0);
    if (layers_ == 0)
      fields_.fail("block_count", "expected a number above 0, got nothing");
    if (architecture_.has_delta_nets)  // the last ones guess tokens in advance
      layers_ -= fields_.integer("nextn_predict_layers", {0, layers_ - 1}).value_or(0);
    const StoredTensor* embedding = files_.find("token_embd.weight");
    if (!embedding || embedding->info->shape.rank() != 2)
      throw FormatError("gguf", "{}: expected a matrix token_embd.weight", fields_.where());
    config_["num_hidden_layers"] = layers_;
    config_["hidden_size"] = fields_.size("embedding_length");
    config_["max_position_embeddings"] = fields_.size("context_length");
    config_["vocab_size"] = embedding->info->shape.dim(0);
    config_["tie_word_embeddings"] = !has_tensor("output.weight");
    config_["dtype"] = dtype_of(embedding->info->type);
    config_[architecture_.is_gemma ? "hidden_activation" : "hidden_act"] =
        architecture_.is_gemma ? "gelu_pytorch_tanh" : "silu";
    if (const auto epsilon = fields_.positive_number("attention.layer_norm_rms_epsilon"))
      config_["rms_norm_eps"] = *epsilon;
    else
      fields_.fail("attention.layer_norm_rms_epsilon", "expected a number, got nothing");
  }

  // For activations: the type of floats. Quantised weights came from bf16 more often than not.
  static std::string_view dtype_of(BlockType type) {
    return type == BlockType::f32 ? "float32" : type == BlockType::f16 ? "float16" : "bfloat16";
  }

  void read_sliding_layers() {
    const auto window = fields_.integer("attention.sliding_window", {0, kMaxPositions}).value_or(0);
    slides_.assign(static_cast<std::size_t>(layers_), false);
    if (window != 0)
      config_["sliding_window"] = window;
    if (architecture_.sliding_period != 0) {
      if (window != 0)
        read_pattern();
      Json& kinds = config_["layer_types"] = Json::array();
      for (const bool slides : slides_)
        kinds.push_back(slides ? "sliding_attention" : "full_attention");
    } else if (window != 0) {
      if (architecture_.name != "llama")
        throw Unsupported("gguf", "{}: sliding_window is not supported with architecture {}",
                          fields_.where(), architecture_.name);
      config_["model_type"] = "mistral";
    }
  }

  // A list, or the number of layers of which the last is full, which files may leave out.
  void read_pattern() {
    constexpr std::string_view kKey = "attention.sliding_window_pattern";
    if (const auto listed = fields_.flags(kKey, slides_.size())) {
      slides_ = *listed;
      return;
    }
    const std::int64_t period =
        fields_.integer(kKey, {1, kMaxLayers}).value_or(architecture_.sliding_period);
    for (std::int64_t i = 0; i < layers_; ++i)
      slides_[static_cast<std::size_t>(i)] = (i + 1) % period != 0;
  }

  void read_caps() {
    if (const auto cap = fields_.positive_number("attn_logit_softcapping"))
      config_["attn_logit_softcapping"] = *cap;
    if (const auto cap = fields_.positive_number("final_logit_softcapping"))
      config_["final_logit_softcapping"] = *cap;
  }

  // Of layers that are all alike, but for whether they slide and have experts.
  void read_layers() {
    const std::int64_t heads = fields_.size("attention.head_count");
    head_dim_ = fields_.integer("attention.key_length", kAnySize)
                    .value_or(fields_.size("embedding_length") / heads);
    if (fields_.integer("attention.value_length", kAnySize).value_or(head_dim_) != head_dim_)
      throw Unsupported("gguf", "{}: values of another length than keys are not supported",
                        fields_.where());
    config_["head_dim"] = head_dim_;
    config_["num_key_value_heads"] = common("attention.head_count_kv", heads);
    if (const std::int64_t width = common("feed_forward_length", 0); width != 0)
      config_["intermediate_size"] = width;
    if (architecture_.layers_of_other_scale != 0)
      config_["query_pre_attn_scalar"] = query_scalar();
    read_biases();
    read_rope();
  }

  // Queries are scaled by its inverse root.
  double query_scalar() const {
    if (const auto scale = fields_.positive_number("attention.scale"))
      return 1 / (*scale * *scale);
    return static_cast<double>(layers_ == architecture_.layers_of_other_scale
                                   ? fields_.size("embedding_length") /
                                         fields_.size("attention.head_count")
                                   : head_dim_);
  }

  void read_biases() {
    const bool query = has_tensor("blk.0.attn_q.bias"),
               output = has_tensor("blk.0.attn_output.bias");
    if (architecture_.name == "qwen2moe")
      config_["qkv_bias"] = query;
    else if (architecture_.name != "qwen2" && query != output)
      throw Unsupported("gguf", "{}: biases of queries but not of outputs are not supported",
                        fields_.where());
    config_["attention_bias"] = output;
    config_["mlp_bias"] = has_tensor("blk.0.ffn_gate.bias");
  }

  void read_rope() {
    config_["rope_theta"] = fields_.positive_number("rope.freq_base").value_or(10000);
    if (architecture_.name == "gemma3")
      config_["rope_local_base_freq"] =
          fields_.positive_number("rope.freq_base_swa").value_or(10000);
    const auto dimensions = fields_.integer("rope.dimension_count", kAnySize).value_or(head_dim_);
    if (dimensions != head_dim_)
      config_["partial_rotary_factor"] =
          static_cast<double>(dimensions) / static_cast<double>(head_dim_);
    if (const auto scaling = rope_scaling(files_, fields_, architecture_))
      config_["rope_scaling"] = *scaling;
    else if (architecture_.name == "gpt-oss" || architecture_.name == "mistral3")
      config_["rope_scaling"] = {{"rope_type", "default"}};  // not what the model type implies
  }

  void read_experts() {
    const auto count = fields_.integer("expert_count", {0, kMaxExperts}).value_or(0);
    if (count == 0)
      return;
    check_router();
    const std::int64_t chosen = fields_.size("expert_used_count"),
                       width = fields_.integer("expert_feed_forward_length", kAnySize)
                                   .value_or(config_.value("intermediate_size", std::int64_t{0}));
    if (architecture_.routes_by_sigmoid) {
      config_["use_routing_bias"] = has_tensor("blk.0.exp_probs_b.bias");
      config_["use_qk_norm"] = has_tensor("blk.0.attn_q_norm.weight");
    }
    if (architecture_.name == "llama" || architecture_.name == "gpt-oss" ||
        architecture_.routes_by_sigmoid) {
      if (architecture_.name == "llama")
        config_["model_type"] = "mixtral";
      config_["num_local_experts"] = count;
      config_["num_experts_per_tok"] = chosen;
      config_["intermediate_size"] = width;
      return;
    }
    config_["num_experts"] = count;
    config_["moe_intermediate_size"] = width;
    if (architecture_.is_gemma) {
      config_["enable_moe_block"] = true;
      config_["top_k_experts"] = chosen;
      return;
    }
    config_["num_experts_per_tok"] = chosen;
    config_["norm_topk_prob"] = architecture_.normalises_experts;
    if (const auto shared = fields_.integer("expert_shared_feed_forward_length", kAnySize))
      config_["shared_expert_intermediate_size"] = *shared;
    Json& without = config_["mlp_only_layers"] = Json::array();
    for (std::int64_t i = 0; i < layers_; ++i)
      if (!has_tensor(fmt::format("blk.{}.ffn_gate_inp.weight", i)))
        without.push_back(i);
  }

  // What other architectures do with their routers.
  void check_router() const {
    const std::int64_t own = architecture_.routes_by_sigmoid ? kSigmoidRouter : kSoftmaxRouter;
    const auto function = fields_.integer("expert_gating_func", {0, 255}).value_or(0);
    if (function != 0 && function != own)
      throw Unsupported("gguf", "{}: expert_gating_func {} is not supported with architecture {}",
                        fields_.where(), function, architecture_.name);
    if (fields_.flag("expert_weights_norm").value_or(architecture_.normalises_experts) !=
        architecture_.normalises_experts)
      throw Unsupported("gguf", "{}: expert_weights_norm is not supported with architecture {}",
                        fields_.where(), architecture_.name);
    if (fields_.number("expert_weights_scale").value_or(1) != 1)
      throw Unsupported("gguf", "{}: expert_weights_scale is not supported", fields_.where());
  }

  void read_tokens() {
    const Fields tokens = model_ / "tokenizer.ggml";
    const IntegerRange ids{0, kMaxTokenId};
    if (const auto bos = tokens.integer("bos_token_id", ids))
      config_["bos_token_id"] = *bos;
    Json ends = Json::array();
    for (const std::string_view key : {"eos_token_id", "eot_token_id", "eom_token_id"})
      if (const auto id = tokens.integer(key, ids))
        ends.push_back(*id);
    config_["eos_token_id"] = ends;
  }

  const FileSet& files_;
  const Architecture& architecture_;
  Fields model_, fields_;
  Json config_;
  std::int64_t layers_ = 0, head_dim_ = 0;
  std::vector<bool> slides_;  // of each layer, where layers differ
};

}  // namespace

Json config_json(const FileSet& files, const Architecture& architecture) {
  if (architecture.is_encoder)
    return bert_config(files);
  return ConfigReader(files, architecture).read();
}

}  // namespace ashlar::gguf
