// SPDX-License-Identifier: Apache-2.0
// config.json of families with mixtures of experts.
#include "models/formats/json_file.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ashlar {
namespace {

using test::message_of;
using testing::HasSubstr;

ModelConfig golden(const std::string& family) {
  return read_model_config(ASHLAR_TEST_DATA "/goldens/families/" + family);
}

// A config of this type with a few small sizes and then `more` fields.
ModelConfig small(const std::string& type, const std::string& more = "") {
  const std::string text =
      R"({"model_type":")" + type + R"(","hidden_size":64,"num_attention_heads":4,)" +
      R"("num_key_value_heads":2,"num_hidden_layers":4)" + (more.empty() ? "" : ",") + more + "}";
  return parse_model_config(parse_json(text, "f"), "config.json");
}

std::vector<bool> layers_with_experts(const ModelConfig& config) {
  std::vector<bool> layers;
  for (const LayerConfig& layer : config.layers)
    layers.push_back(layer.has_experts);
  return layers;
}

std::string unsupported(const std::string& type, const std::string& more) {
  return message_of<Unsupported>([&] { small(type, more); });
}

std::string format_error(const std::string& type, const std::string& more) {
  return message_of<FormatError>([&] { small(type, more); });
}

TEST(ExpertConfig, Mixtral) {
  const ModelConfig c = golden("mixtral");
  EXPECT_EQ(c.experts->count, 6);
  EXPECT_EQ(c.experts->chosen, 2);
  EXPECT_EQ(c.experts->intermediate_size, 128);
  EXPECT_EQ(c.experts->score, RouterScore::softmax);
  EXPECT_TRUE(c.experts->normalised);
  EXPECT_FALSE(c.experts->has_correction);
  EXPECT_EQ(c.experts->shared_intermediate_size, 0);
  EXPECT_EQ(c.experts->names.block, "block_sparse_moe");
  EXPECT_EQ(layers_with_experts(c), std::vector<bool>(4, true));
  EXPECT_EQ(c.sliding_window, 0);
  EXPECT_EQ(c.norm_epsilon, 1e-5);
  const ModelConfig assumed = small("mixtral");
  EXPECT_EQ(assumed.experts->count, 8);
  EXPECT_EQ(assumed.experts->chosen, 2);
  EXPECT_EQ(assumed.experts->intermediate_size, 14336);
  EXPECT_EQ(assumed.full_rope.theta, 1e6);
  EXPECT_EQ(assumed.sliding_window, 0);
  EXPECT_EQ(small("mixtral", R"("sliding_window":9)").sliding_window, 9);
}

TEST(ExpertConfig, Qwen3Moe) {
  const ModelConfig c = golden("qwen3_moe");
  EXPECT_EQ(c.experts->count, 8);
  EXPECT_EQ(c.experts->chosen, 2);
  EXPECT_EQ(c.experts->intermediate_size, 48);
  EXPECT_TRUE(c.experts->normalised && c.qk_norm);
  EXPECT_EQ(layers_with_experts(c), (std::vector<bool>{true, false, true, true}));
  EXPECT_EQ(c.layers[1].intermediate_size, 128);
  const ModelConfig assumed = small("qwen3_moe");
  EXPECT_EQ(assumed.experts->count, 128);
  EXPECT_EQ(assumed.experts->chosen, 8);
  EXPECT_EQ(assumed.experts->intermediate_size, 768);
  EXPECT_FALSE(assumed.experts->normalised);
  EXPECT_EQ(assumed.layers[0].head_dim, 16);
  EXPECT_EQ(small("qwen3_moe", R"("num_experts":12)").experts->count, 12);
  EXPECT_EQ(
      layers_with_experts(small("qwen3_moe", R"("decoder_sparse_step":2,"mlp_only_layers":[3])")),
      (std::vector<bool>{false, true, false, false}));
  EXPECT_EQ(small("qwen3_moe", R"("use_sliding_window":true,"sliding_window":7)").sliding_window,
            7);
}

TEST(ExpertConfig, Qwen2Moe) {
  const ModelConfig c = golden("qwen2_moe");
  EXPECT_EQ(c.experts->count, 8);
  EXPECT_EQ(c.experts->intermediate_size, 48);
  EXPECT_EQ(c.experts->shared_intermediate_size, 80);
  EXPECT_FALSE(c.experts->normalised);
  EXPECT_TRUE(c.qkv_bias);
  EXPECT_FALSE(c.output_bias || c.qk_norm);
  const ModelConfig assumed = small("qwen2_moe");
  EXPECT_EQ(assumed.experts->count, 60);
  EXPECT_EQ(assumed.experts->chosen, 4);
  EXPECT_EQ(assumed.experts->intermediate_size, 1408);
  EXPECT_EQ(assumed.experts->shared_intermediate_size, 5632);
  EXPECT_FALSE(small("qwen2_moe", R"("qkv_bias":false)").qkv_bias);
}

TEST(ExpertConfig, MiniMaxM2) {
  const ModelConfig c = golden("minimax_m2");
  EXPECT_EQ(c.experts->count, 8);
  EXPECT_EQ(c.experts->chosen, 2);
  EXPECT_EQ(c.experts->intermediate_size, 48);
  EXPECT_EQ(c.experts->score, RouterScore::sigmoid);
  EXPECT_TRUE(c.experts->normalised && c.experts->has_correction && c.joint_qk_norm);
  EXPECT_FALSE(c.qk_norm);
  EXPECT_EQ(c.full_rope.partial_rotary_factor, 0.5);
  // As published files say it.
  EXPECT_EQ(
      small("minimax_m2", R"("head_dim":128,"rotary_dim":64)").full_rope.partial_rotary_factor,
      0.5);
  EXPECT_THAT(unsupported("minimax_m2", R"("scoring_func":"softmax")"),
              HasSubstr("scoring_func: \"softmax\" is not supported"));
  EXPECT_THAT(unsupported("minimax_m2", R"("qk_norm_type":"per_head")"),
              HasSubstr("qk_norm_type: \"per_head\" is not supported"));
  EXPECT_THAT(unsupported("minimax_m2", R"("shared_intermediate_size":8)"),
              HasSubstr("shared_intermediate_size is not supported"));
  EXPECT_THAT(unsupported("minimax_m2", R"("attn_type_list":[1,0,1,1])"),
              HasSubstr("linear attention is not supported"));
}

TEST(ExpertConfig, GptOss) {
  const ModelConfig c = golden("gpt_oss");
  EXPECT_EQ(c.experts->count, 4);
  EXPECT_EQ(c.experts->chosen, 2);
  EXPECT_EQ(c.experts->intermediate_size, 64);
  EXPECT_EQ(c.experts->score, RouterScore::softmax);
  EXPECT_EQ(c.experts->clamp, 7);
  EXPECT_EQ(c.experts->names.router, "router");
  EXPECT_TRUE(c.experts->normalised && c.experts->has_biases && c.experts->interleaved);
  EXPECT_TRUE(c.attention_sinks && c.qkv_bias && c.output_bias);
  EXPECT_EQ(c.sliding_window, 8);
  EXPECT_EQ(c.layers[0].attention, AttentionKind::sliding);
  EXPECT_EQ(c.layers[1].attention, AttentionKind::full);
  EXPECT_EQ(c.full_rope.type, RopeType::yarn);
  EXPECT_EQ(c.full_rope.factor, 4);
  const ModelConfig assumed = small("gpt_oss");
  EXPECT_EQ(assumed.experts->count, 128);
  EXPECT_EQ(assumed.experts->chosen, 4);
  EXPECT_EQ(assumed.layers[0].head_dim, 64);
  EXPECT_EQ(assumed.layers[2].attention, AttentionKind::sliding);
  EXPECT_EQ(assumed.sliding_window, 128);
  EXPECT_EQ(assumed.full_rope.theta, 150000);
  EXPECT_EQ(assumed.full_rope.original_max_positions, 4096);
  EXPECT_EQ(small("gpt_oss", R"("swiglu_limit":3)").experts->clamp, 3);
  EXPECT_FALSE(small("gpt_oss", R"("attention_bias":false)").qkv_bias);
  EXPECT_EQ(small("gpt_oss", R"("quantization_config":{"quant_method":"mxfp4",)"
                             R"("modules_to_not_convert":["lm_head"]})")
                .quantization,
            std::nullopt);
  EXPECT_THAT(format_error("gpt_oss", R"("swiglu_limit":0)"),
              HasSubstr("swiglu_limit: expected a number above 0"));
}

TEST(ExpertConfig, Gemma4) {
  const ModelConfig c = golden("gemma4_moe");
  EXPECT_EQ(c.experts->count, 8);
  EXPECT_EQ(c.experts->chosen, 2);
  EXPECT_EQ(c.experts->intermediate_size, 48);
  EXPECT_TRUE(c.experts->beside_mlp && c.experts->normalised);
  EXPECT_EQ(c.layers[0].intermediate_size, 128);
  EXPECT_EQ(layers_with_experts(c), std::vector<bool>(6, true));
  EXPECT_EQ(small("gemma4_text", R"("enable_moe_block":false)").experts.has_value(), false);
  EXPECT_THAT(format_error("gemma4_text", R"("enable_moe_block":true,"num_experts":4)"),
              HasSubstr("top_k_experts: expected an integer, got nothing"));
  EXPECT_THAT(
      format_error("gemma4_text", R"("enable_moe_block":true,"num_experts":4,"top_k_experts":5)"),
      HasSubstr("top_k_experts: expected an integer in [1, 4]"));
}

TEST(ExpertConfig, RefusesImpossibleCounts) {
  EXPECT_THAT(format_error("mixtral", R"("num_local_experts":4,"num_experts_per_tok":5)"),
              HasSubstr("num_experts_per_tok: expected at most 4 experts, got 5"));
  EXPECT_THAT(format_error("mixtral", R"("num_local_experts":0)"),
              HasSubstr("num_local_experts: expected an integer in [1, "));
  EXPECT_THAT(format_error("qwen3_moe", R"("decoder_sparse_step":0)"),
              HasSubstr("decoder_sparse_step: expected an integer in [1, "));
  EXPECT_THAT(format_error("qwen3_moe", R"("mlp_only_layers":[-1])"),
              HasSubstr("mlp_only_layers: expected"));
}

}  // namespace
}  // namespace ashlar
