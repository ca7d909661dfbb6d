// SPDX-License-Identifier: Apache-2.0
#include "models/shapes/published_shapes.h"

#include "runtime/program/error.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace ashlar {
namespace {

struct PublishedShape {
  std::string_view name;
  std::string_view config;  // the part of its config.json that the forward pass depends on
};

constexpr PublishedShape kShapes[] = {
    // The sizes of SmolLM2-135M: small enough for a CPU driver.
    {"llama-134m", R"({"model_type": "llama", "vocab_size": 49152, "hidden_size": 576,
      "intermediate_size": 1536, "num_hidden_layers": 30, "num_attention_heads": 9,
      "num_key_value_heads": 3, "max_position_embeddings": 8192, "rms_norm_eps": 1e-5,
      "rope_theta": 100000, "tie_word_embeddings": true, "torch_dtype": "bfloat16"})"},
    {"llama-3.2-1b", R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 2048,
      "intermediate_size": 8192, "num_hidden_layers": 16, "num_attention_heads": 32,
      "num_key_value_heads": 8, "head_dim": 64, "max_position_embeddings": 131072,
      "rms_norm_eps": 1e-5, "rope_theta": 500000, "rope_scaling": {"rope_type": "llama3",
      "factor": 32, "low_freq_factor": 1, "high_freq_factor": 4,
      "original_max_position_embeddings": 8192},
      "tie_word_embeddings": true, "torch_dtype": "bfloat16"})"},
    {"llama-3.1-8b", R"({"model_type": "llama", "vocab_size": 128256, "hidden_size": 4096,
      "intermediate_size": 14336, "num_hidden_layers": 32, "num_attention_heads": 32,
      "num_key_value_heads": 8, "max_position_embeddings": 131072,
      "rms_norm_eps": 1e-5, "rope_theta": 500000, "rope_scaling": {"rope_type": "llama3",
      "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
      "original_max_position_embeddings": 8192},
      "tie_word_embeddings": false, "torch_dtype": "bfloat16"})"},
    {"qwen3-0.6b", R"({"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 1024,
      "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16,
      "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40960,
      "rms_norm_eps": 1e-6, "rope_theta": 1000000, "tie_word_embeddings": true,
      "torch_dtype": "bfloat16"})"},
    {"qwen3-4b", R"({"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 2560,
      "intermediate_size": 9728, "num_hidden_layers": 36, "num_attention_heads": 32,
      "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40960,
      "rms_norm_eps": 1e-6, "rope_theta": 1000000, "tie_word_embeddings": true,
      "torch_dtype": "bfloat16"})"},
    {"qwen3-8b", R"({"model_type": "qwen3", "vocab_size": 151936, "hidden_size": 4096,
      "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32,
      "num_key_value_heads": 8, "head_dim": 128, "max_position_embeddings": 40960,
      "rms_norm_eps": 1e-6, "rope_theta": 1000000, "tie_word_embeddings": false,
      "torch_dtype": "bfloat16"})"},
    {"qwen3.5-9b", R"({"model_type": "qwen3_5_text", "vocab_size": 248320, "hidden_size": 4096,
      "intermediate_size": 12288, "num_hidden_layers": 32, "num_attention_heads": 16,
      "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 262144,
      "linear_num_key_heads": 16, "linear_num_value_heads": 32, "linear_key_head_dim": 128,
      "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4, "full_attention_interval": 4,
      "rms_norm_eps": 1e-6, "rope_parameters": {"rope_type": "default", "rope_theta": 1e7,
      "partial_rotary_factor": 0.25}, "tie_word_embeddings": false, "dtype": "bfloat16"})"},
    {"qwen3.5-35b-a3b", R"({"model_type": "qwen3_5_moe_text", "vocab_size": 248320,
      "hidden_size": 2048, "moe_intermediate_size": 512, "shared_expert_intermediate_size": 512,
      "num_experts": 256, "num_experts_per_tok": 8, "num_hidden_layers": 40,
      "num_attention_heads": 16, "num_key_value_heads": 2, "head_dim": 256,
      "max_position_embeddings": 262144, "linear_num_key_heads": 16,
      "linear_num_value_heads": 32, "linear_key_head_dim": 128, "linear_value_head_dim": 128,
      "linear_conv_kernel_dim": 4, "full_attention_interval": 4, "rms_norm_eps": 1e-6,
      "rope_parameters": {"rope_type": "default", "rope_theta": 1e7,
      "partial_rotary_factor": 0.25}, "tie_word_embeddings": false, "dtype": "bfloat16"})"},
    {"mamba2-2.7b", R"({"model_type": "mamba2", "vocab_size": 50288, "hidden_size": 2560,
      "num_hidden_layers": 64, "num_heads": 80, "head_dim": 64, "state_size": 128, "n_groups": 1,
      "layer_norm_epsilon": 1e-5, "tie_word_embeddings": true, "torch_dtype": "bfloat16"})"},
    // A mixture of experts: 3.3 of 30.5 billion weights for each token.
    {"qwen3-30b-a3b", R"({"model_type": "qwen3_moe", "vocab_size": 151936, "hidden_size": 2048,
      "intermediate_size": 6144, "moe_intermediate_size": 768, "num_hidden_layers": 48,
      "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "num_experts": 128,
      "num_experts_per_tok": 8, "norm_topk_prob": true, "max_position_embeddings": 40960,
      "rms_norm_eps": 1e-6, "rope_theta": 1000000, "tie_word_embeddings": false,
      "torch_dtype": "bfloat16"})"},
    {"gemma-2-2b", R"({"model_type": "gemma2", "vocab_size": 256000, "hidden_size": 2304,
      "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
      "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 8192,
      "sliding_window": 4096, "query_pre_attn_scalar": 256, "attn_logit_softcapping": 50,
      "final_logit_softcapping": 30, "rms_norm_eps": 1e-6, "rope_theta": 10000,
      "torch_dtype": "bfloat16"})"},
    {"gemma-3-1b", R"({"model_type": "gemma3_text", "vocab_size": 262144, "hidden_size": 1152,
      "intermediate_size": 6912, "num_hidden_layers": 26, "num_attention_heads": 4,
      "num_key_value_heads": 1, "head_dim": 256, "max_position_embeddings": 32768,
      "sliding_window": 512, "sliding_window_pattern": 6, "query_pre_attn_scalar": 256,
      "rms_norm_eps": 1e-6, "rope_theta": 1000000, "rope_local_base_freq": 10000,
      "torch_dtype": "bfloat16"})"},
    // The text model alone.
    {"gemma-3-4b", R"({"model_type": "gemma3_text", "vocab_size": 262208, "hidden_size": 2560,
      "intermediate_size": 10240, "num_hidden_layers": 34, "num_attention_heads": 8,
      "num_key_value_heads": 4, "head_dim": 256, "max_position_embeddings": 131072,
      "sliding_window": 1024, "sliding_window_pattern": 6, "query_pre_attn_scalar": 256,
      "rms_norm_eps": 1e-6, "rope_theta": 1000000, "rope_local_base_freq": 10000,
      "rope_scaling": {"rope_type": "linear", "factor": 8}, "torch_dtype": "bfloat16"})"},
};

}  // namespace

std::vector<std::string> published_shape_names() {
  std::vector<std::string> names;
  for (const PublishedShape& shape : kShapes)
    names.emplace_back(shape.name);
  return names;
}

ModelConfig published_shape(std::string_view name) {
  for (const PublishedShape& shape : kShapes)
    if (shape.name == name)
      return parse_model_config(nlohmann::json::parse(shape.config), name);
  throw InvalidArgument("model", "unknown shape '{}': expected one of {}", name,
                        fmt::join(published_shape_names(), ", "));
}

}  // namespace ashlar
