// SPDX-License-Identifier: Apache-2.0
#include "tests/models/formats/config_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ashlar::test {
namespace {

using testing::HasSubstr;

TEST(RecurrentConfig, Mamba2) {
  const ModelConfig c = golden("mamba2");
  ASSERT_EQ(c.layers.size(), 3u);
  for (const LayerConfig& layer : c.layers)
    EXPECT_EQ(layer, (LayerConfig{.mixer = TokenMixer::mamba2}));
  const RecurrenceConfig& sizes = c.recurrence.value();
  EXPECT_EQ(sizes.conv_kernel, 4);
  EXPECT_EQ(sizes.groups, 2);
  EXPECT_EQ(sizes.heads, 8);
  EXPECT_EQ(sizes.key_dim, 16);
  EXPECT_EQ(sizes.value_dim, 16);
  EXPECT_EQ(sizes.conv_channels(), 192);
  EXPECT_TRUE(sizes.conv_bias);
  EXPECT_FALSE(sizes.projection_bias);
  EXPECT_EQ(sizes.least_step, 0);
  EXPECT_EQ(sizes.largest_step, std::nullopt);
  EXPECT_EQ(c.norm_epsilon, 1e-5);
  EXPECT_EQ(c.max_positions, kMaxPositions);
  EXPECT_TRUE(c.f32_residual);
  EXPECT_FALSE(c.tied_embeddings);
}

TEST(RecurrentConfig, Mamba2Defaults) {
  const ModelConfig c = parse(R"({"model_type":"mamba2"})");
  EXPECT_EQ(c.vocab_size, 32768);
  EXPECT_EQ(c.layers.size(), 64u);
  EXPECT_EQ(c.recurrence->conv_channels(), 8192 + 2 * 8 * 128);
  const ModelConfig limited = parse(R"({"model_type":"mamba2","time_step_limit":[0.001,0.1]})");
  EXPECT_EQ(limited.recurrence->least_step, 0.001);
  EXPECT_EQ(limited.recurrence->largest_step, 0.1);
}

TEST(RecurrentConfig, Qwen35) {
  const ModelConfig c = golden("qwen3_5");
  ASSERT_EQ(c.layers.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(c.layers[i].mixer, i == 3 ? TokenMixer::attention : TokenMixer::gated_delta_net);
  EXPECT_EQ(c.layers[3].intermediate_size, 128);
  const RecurrenceConfig& sizes = c.recurrence.value();
  EXPECT_EQ(sizes.groups, 2);
  EXPECT_EQ(sizes.heads, 4);
  EXPECT_EQ(sizes.key_dim, 16);
  EXPECT_EQ(sizes.value_dim, 16);
  EXPECT_EQ(sizes.conv_kernel, 4);
  EXPECT_FALSE(sizes.conv_bias || sizes.projection_bias);
  EXPECT_EQ(c.full_rope.partial_rotary_factor, 0.25);
  EXPECT_EQ(c.full_rope.theta, 1e7);
  EXPECT_EQ(c.norm, NormKind::one_plus);
  EXPECT_TRUE(c.qk_norm && c.gated_attention);
  EXPECT_FALSE(c.qkv_bias || c.f32_residual);
}

TEST(RecurrentConfig, Qwen35LayersWithoutAList) {
  const ModelConfig c = small("qwen3_5_text", R"("full_attention_interval":2)");
  for (std::size_t i = 0; i < 4; ++i)
    EXPECT_EQ(c.layers[i].mixer, i % 2 == 1 ? TokenMixer::attention : TokenMixer::gated_delta_net);
  EXPECT_EQ(c.full_rope.partial_rotary_factor, 0.25);
  const ModelConfig wrapped = parse(R"({"model_type":"qwen3_5","tie_word_embeddings":true,
                                        "text_config":{"num_hidden_layers":8}})");
  EXPECT_EQ(wrapped.decoder_type, "qwen3_5_text");
  EXPECT_EQ(wrapped.vocab_size, 248320);
  EXPECT_EQ(wrapped.layers[3].mixer, TokenMixer::attention);
  EXPECT_EQ(wrapped.recurrence->value_width(), 32 * 128);
  EXPECT_TRUE(wrapped.tied_embeddings);
}

TEST(RecurrentConfig, QwenHybridsWithExperts) {
  const ModelConfig next = golden("qwen3_next");
  EXPECT_EQ(next.layers[2].mixer, TokenMixer::gated_delta_net);
  EXPECT_EQ(next.layers[3].mixer, TokenMixer::attention);
  EXPECT_TRUE(next.layers[2].has_experts && next.layers[3].has_experts);
  EXPECT_EQ(next.experts.value().count, 8);
  EXPECT_EQ(next.experts->chosen, 2);
  EXPECT_EQ(next.experts->intermediate_size, 48);
  EXPECT_EQ(next.experts->shared_intermediate_size, 48);
  EXPECT_TRUE(next.experts->normalised && next.gated_attention);

  const ModelConfig five = golden("qwen3_5_moe");
  EXPECT_TRUE(five.layers[0].has_experts);
  EXPECT_EQ(five.experts.value().count, 8);
  // Its routers always scale the weights, whatever the file says.
  EXPECT_TRUE(small("qwen3_5_moe_text", R"("norm_topk_prob":false)").experts->normalised);
  EXPECT_FALSE(small("qwen3_next", R"("norm_topk_prob":false)").experts->normalised);

  const ModelConfig defaults = parse(R"({"model_type":"qwen3_next"})");
  EXPECT_EQ(defaults.layers.size(), 48u);
  EXPECT_EQ(defaults.experts->count, 512);
  EXPECT_EQ(defaults.experts->chosen, 10);
  const ModelConfig wrapped = parse(R"({"model_type":"qwen3_5_moe","text_config":{}})");
  EXPECT_EQ(wrapped.decoder_type, "qwen3_5_moe_text");
  EXPECT_EQ(wrapped.layers.size(), 40u);
  EXPECT_EQ(wrapped.experts->count, 256);
}

TEST(RecurrentConfig, RefusesUnusableRecurrences) {
  EXPECT_THAT(format_error("mamba2", R"("num_heads":3)"),
              HasSubstr("num_heads: expected 128 (expand * hidden_size) in heads of 64"));
  EXPECT_THAT(format_error("mamba2", R"("num_heads":2,"n_groups":4)"),
              HasSubstr("n_groups: expected a divisor of 2 heads, got 4"));
  EXPECT_THAT(format_error("mamba2", R"("num_heads":2,"n_groups":1,"conv_kernel":1)"),
              HasSubstr("conv_kernel: expected an integer in [2, 64], got 1"));
  EXPECT_THAT(format_error("mamba2", R"("num_heads":2,"n_groups":1,"time_step_limit":[1,0])"),
              HasSubstr("time_step_limit: expected two numbers in order"));
  EXPECT_THAT(format_error("qwen3_5_text", R"("linear_num_value_heads":24)"),
              HasSubstr("linear_num_value_heads: expected a multiple of 16 key heads, got 24"));
  EXPECT_THAT(unsupported("qwen3_5_text", R"("attn_output_gate":false)"),
              HasSubstr("attn_output_gate"));
  EXPECT_THAT(unsupported("qwen3", R"("layer_types":["linear_attention","full_attention",)"
                                   R"("full_attention","full_attention"])"),
              HasSubstr("linear_attention"));
}

}  // namespace
}  // namespace ashlar::test
