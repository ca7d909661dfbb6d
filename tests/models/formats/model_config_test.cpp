// SPDX-License-Identifier: Apache-2.0
#include "models/formats/model_config.h"

#include "models/formats/json_file.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace ashlar {
namespace {

using test::message_of;
using testing::AllOf;
using testing::HasSubstr;

constexpr AttentionKind F = AttentionKind::full;
constexpr AttentionKind S = AttentionKind::sliding;
using Layers = std::vector<AttentionKind>;

Layers kinds(const ModelConfig& config) {
  Layers kinds;
  for (const LayerConfig& layer : config.layers)
    kinds.push_back(layer.attention);
  return kinds;
}

ModelConfig golden(const std::string& family) {
  return read_model_config(ASHLAR_TEST_DATA "/goldens/families/" + family);
}

ModelConfig parse(std::string_view text) {
  return parse_model_config(parse_json(text, "f"), "config.json");
}

// A config of this type with a few small sizes and then `more` fields.
ModelConfig small(const std::string& type, const std::string& more = "") {
  return parse(R"({"model_type":")" + type + R"(","hidden_size":64,"num_attention_heads":4,)" +
               R"("num_key_value_heads":2,"num_hidden_layers":4)" + (more.empty() ? "" : ",") +
               more + "}");
}

std::string format_error(const std::string& type, const std::string& more) {
  return message_of<FormatError>([&] { small(type, more); });
}

std::string unsupported(const std::string& type, const std::string& more) {
  return message_of<Unsupported>([&] { small(type, more); });
}

TEST(ModelConfig, Llama) {
  const ModelConfig c = golden("llama");
  EXPECT_EQ(c.model_type, "llama");
  EXPECT_EQ(c.decoder_type, "llama");
  EXPECT_EQ(c.vocab_size, 256);
  EXPECT_EQ(c.hidden_size, 64);
  EXPECT_EQ(c.layers[0].intermediate_size, 128);
  EXPECT_EQ(c.attention_heads, 4);
  EXPECT_EQ(c.layers[0].kv_heads, 2);
  EXPECT_EQ(c.layers[0].head_dim, 16);
  EXPECT_EQ(c.max_positions, 512);
  EXPECT_EQ(kinds(c), (Layers{F, F, F, F}));
  EXPECT_EQ(c.sliding_window, 0);
  EXPECT_EQ(c.full_rope.theta, 5e5);
  EXPECT_EQ(c.full_rope.type, RopeType::plain);
  EXPECT_EQ(c.query_scale, 0.25);
  EXPECT_FALSE(c.qk_norm || c.qkv_bias || c.output_bias || c.mlp_bias || c.post_norms);
  EXPECT_EQ(c.norm, NormKind::plain);
  EXPECT_EQ(c.norm_epsilon, 1e-6);
  EXPECT_EQ(c.activation, Activation::silu);
  EXPECT_EQ(c.embedding_scale, 1);
  EXPECT_FALSE(c.tied_embeddings);
  EXPECT_EQ(c.dtype, DType::bf16);
  EXPECT_EQ(c.bos_token_id, 1);
  EXPECT_EQ(c.eos_token_ids, (std::vector<std::int64_t>{2}));
}

TEST(ModelConfig, LlamaVariants) {
  const ModelConfig biased = golden("llama_linear_bias");
  EXPECT_TRUE(biased.qkv_bias && biased.output_bias && biased.mlp_bias);
  EXPECT_EQ(biased.full_rope.type, RopeType::linear);
  EXPECT_EQ(biased.full_rope.factor, 4);
  const ModelConfig scaled = golden("llama_rope_scaled");
  EXPECT_EQ(scaled.full_rope.type, RopeType::llama3);
  EXPECT_EQ(scaled.full_rope.factor, 8);
  EXPECT_EQ(scaled.full_rope.original_max_positions, 64);
  EXPECT_EQ(scaled.full_rope.high_freq_factor, 4);
}

TEST(ModelConfig, Qwen) {
  const ModelConfig two = golden("qwen2");
  EXPECT_TRUE(two.qkv_bias && two.tied_embeddings);
  EXPECT_FALSE(two.output_bias || two.qk_norm || two.mlp_bias);
  EXPECT_EQ(two.layers[0].head_dim, 16);
  const ModelConfig three = golden("qwen3");
  EXPECT_TRUE(three.qk_norm);
  EXPECT_FALSE(three.qkv_bias || three.output_bias);
  EXPECT_EQ(three.layers[0].head_dim, 32);
  EXPECT_EQ(three.norm, NormKind::plain);
  const ModelConfig pebble = read_model_config(ASHLAR_CHECKPOINTS "/pebble-4m");
  EXPECT_EQ(pebble.hidden_size, 256);
  EXPECT_EQ(pebble.layers.size(), 5u);
  EXPECT_EQ(pebble.eos_token_ids, (std::vector<std::int64_t>{1016}));
}

TEST(ModelConfig, Mistral) {
  const ModelConfig c = golden("mistral");
  EXPECT_EQ(kinds(c), (Layers{S, S, S, S}));
  EXPECT_EQ(c.sliding_window, 8);
  EXPECT_EQ(c.sliding_rope.theta, 1e4);
}

TEST(ModelConfig, Ministral3) {
  const ModelConfig c = golden("ministral3");
  EXPECT_EQ(kinds(c), (Layers{F, F, F, F}));
  EXPECT_EQ(c.norm_epsilon, 1e-5);
  EXPECT_EQ(c.full_rope.type, RopeType::yarn);
  EXPECT_EQ(c.full_rope.factor, 16);
  EXPECT_EQ(c.full_rope.attention_factor, 1);
  EXPECT_EQ(c.full_rope.original_max_positions, 16);
  EXPECT_EQ(c.full_rope.query_scaling_beta, 0.1);
  EXPECT_FALSE(c.tied_embeddings || c.qkv_bias);
  // What the class assumes when there are no parameters at all.
  const RopeParameters assumed = small("ministral3").full_rope;
  EXPECT_EQ(assumed.type, RopeType::yarn);
  EXPECT_EQ(assumed.theta, 1e6);
  EXPECT_EQ(assumed.factor, 16);
  EXPECT_EQ(assumed.original_max_positions, 16384);
  EXPECT_EQ(assumed.query_scaling_beta, 0.1);
  EXPECT_EQ(small("ministral3", R"("rope_parameters":{"rope_theta":1e9})").full_rope.type,
            RopeType::plain);
  EXPECT_EQ(kinds(small("ministral3", R"("sliding_window":5)")), (Layers{S, S, S, S}));
  EXPECT_THAT(unsupported("mistral", R"("rope_parameters":{"llama_4_scaling_beta":0.1})"),
              HasSubstr("rope_parameters: \"llama_4_scaling_beta\" is not supported"));
  EXPECT_THAT(format_error("ministral3", R"("rope_parameters":{"llama_4_scaling_beta":-1})"),
              HasSubstr("llama_4_scaling_beta: expected a number above 0"));
}

TEST(ModelConfig, Gemma) {
  const ModelConfig c = golden("gemma");
  EXPECT_EQ(kinds(c), (Layers{F, F, F, F}));
  EXPECT_EQ(c.embedding_scale, 8);
  EXPECT_EQ(c.query_scale, 0.25);
  EXPECT_EQ(c.norm, NormKind::one_plus);
  EXPECT_TRUE(c.tied_embeddings);
  EXPECT_FALSE(c.post_norms || c.qk_norm || c.qkv_bias || c.output_bias);
  EXPECT_EQ(c.activation, Activation::gelu_tanh);
  // What the other key says wins over `hidden_act`.
  EXPECT_EQ(small("gemma", R"("hidden_act":"gelu")").activation, Activation::gelu);
  EXPECT_EQ(small("gemma", R"("hidden_act":"gelu","hidden_activation":null)").activation,
            Activation::gelu);
  EXPECT_EQ(
      small("gemma", R"("hidden_act":"gelu","hidden_activation":"gelu_pytorch_tanh")").activation,
      Activation::gelu_tanh);
}

TEST(ModelConfig, Gemma2) {
  const ModelConfig c = golden("gemma2");
  EXPECT_EQ(kinds(c), (Layers{S, F, S, F}));
  EXPECT_EQ(c.sliding_window, 8);
  EXPECT_EQ(c.rope(F), c.rope(S));
  EXPECT_EQ(c.embedding_scale, 8);
  EXPECT_DOUBLE_EQ(c.query_scale, 1 / std::sqrt(24));
  EXPECT_EQ(c.attention_softcap, 20);
  EXPECT_EQ(c.final_logit_softcap, 10);
  EXPECT_EQ(c.norm, NormKind::one_plus);
  EXPECT_TRUE(c.post_norms && c.tied_embeddings);
  EXPECT_FALSE(c.qk_norm);
  EXPECT_EQ(c.activation, Activation::gelu_tanh);
}

TEST(ModelConfig, Gemma2SoftcapKeysAbsentNullOrSet) {
  EXPECT_EQ(kinds(small("gemma2")), (Layers{S, F, S, F}));
  EXPECT_EQ(small("gemma2").attention_softcap, 50);
  EXPECT_EQ(small("gemma2").final_logit_softcap, 30);
  const ModelConfig off =
      small("gemma2", R"("attn_logit_softcapping":null,"final_logit_softcapping":null)");
  EXPECT_EQ(off.attention_softcap, std::nullopt);
  EXPECT_EQ(off.final_logit_softcap, std::nullopt);
  EXPECT_THAT(format_error("gemma2", R"("attn_logit_softcapping":0)"),
              HasSubstr("attn_logit_softcapping: expected a number above 0"));
  EXPECT_THAT(format_error("gemma2", R"("final_logit_softcapping":-1)"),
              HasSubstr("final_logit_softcapping: expected a number above 0"));
}

TEST(ModelConfig, Gemma3) {
  const ModelConfig c = golden("gemma3");
  EXPECT_EQ(kinds(c), (Layers{S, S, S, S, S, F, S}));
  EXPECT_EQ(c.sliding_window, 8);
  EXPECT_EQ(c.rope(F).theta, 1e6);
  EXPECT_EQ(c.rope(S).theta, 1e4);
  EXPECT_EQ(c.embedding_scale, 8);
  EXPECT_DOUBLE_EQ(c.query_scale, 1 / std::sqrt(20));
  EXPECT_EQ(c.norm, NormKind::one_plus);
  EXPECT_TRUE(c.post_norms && c.qk_norm && c.tied_embeddings);
  EXPECT_EQ(c.activation, Activation::gelu_tanh);
  EXPECT_EQ(c.final_logit_softcap, std::nullopt);
}

TEST(ModelConfig, Gemma4) {
  const ModelConfig c = golden("gemma4_dense");
  EXPECT_EQ(kinds(c), (Layers{S, S, S, S, S, F}));
  EXPECT_EQ(c.sliding_window, 8);
  EXPECT_EQ(c.layers[0], (LayerConfig{.attention = S,
                                      .kv_heads = 2,
                                      .head_dim = 16,
                                      .intermediate_size = 128,
                                      .value_is_key = false}));
  EXPECT_EQ(c.layers[5], (LayerConfig{.attention = F,
                                      .kv_heads = 1,
                                      .head_dim = 32,
                                      .intermediate_size = 128,
                                      .value_is_key = true}));
  EXPECT_EQ(c.rope(S).theta, 1e4);
  EXPECT_EQ(c.rope(S).type, RopeType::plain);
  EXPECT_EQ(c.rope(F).theta, 1e6);
  EXPECT_EQ(c.rope(F).type, RopeType::proportional);
  EXPECT_EQ(c.rope(F).partial_rotary_factor, 0.25);
  EXPECT_EQ(c.query_scale, 1);
  EXPECT_EQ(c.embedding_scale, 8);
  EXPECT_EQ(c.norm, NormKind::plain_f32);
  EXPECT_TRUE(c.qk_norm && c.value_norm && c.post_norms && c.layer_scalar && c.tied_embeddings);
  EXPECT_EQ(c.final_logit_softcap, 12);
}

TEST(ModelConfig, Gemma4OlderSpellingOfHeadSizes) {
  const std::string types =
      R"("layer_types":["sliding_attention","full_attention","sliding_attention",)"
      R"("full_attention"])";
  const ModelConfig own =
      small("gemma4_text", types + R"(,"global_head_dim":64,"num_global_key_value_heads":1,)"
                                   R"("attention_k_eq_v":true)");
  EXPECT_EQ(own.layers[0].head_dim, 256);
  EXPECT_EQ(own.layers[0].kv_heads, 2);
  EXPECT_FALSE(own.layers[0].value_is_key);
  EXPECT_EQ(own.layers[1].head_dim, 64);
  EXPECT_EQ(own.layers[1].kv_heads, 1);
  EXPECT_TRUE(own.layers[1].value_is_key);
  // Without shared projections, the heads' number is one for all layers.
  EXPECT_EQ(small("gemma4_text", types + R"(,"num_global_key_value_heads":1)").layers[1].kv_heads,
            2);
  EXPECT_THAT(format_error("gemma4_text", types + R"(,"num_global_key_value_heads":3)"),
              HasSubstr("num_global_key_value_heads: expected a divisor of 4 heads, got 3"));
}

TEST(ModelConfig, Gemma4SharesKeysAndEmbedsInEachLayer) {
  const ModelConfig c = golden("gemma4_ple");
  EXPECT_EQ(kinds(c), (Layers{S, S, S, F, S, S, S, F}));
  const std::optional<std::int64_t> own;
  std::vector<std::optional<std::int64_t>> sources;
  for (const LayerConfig& layer : c.layers)
    sources.push_back(layer.kv_source);
  EXPECT_EQ(sources, (decltype(sources){own, own, own, own, 2, 2, 2, 3}));
  EXPECT_EQ(c.layers[3].intermediate_size, 128);
  EXPECT_EQ(c.layers[4].intermediate_size, 256);
  EXPECT_EQ(c.layers[3].head_dim, 32);
  EXPECT_FALSE(c.layers[3].value_is_key);
  EXPECT_EQ(c.per_layer_embedding->vocab_size, 256);
  EXPECT_EQ(c.per_layer_embedding->width, 16);
  EXPECT_FALSE(golden("gemma4_dense").per_layer_embedding);
  // Both are off and on by default.
  const ModelConfig assumed = small("gemma4_text");
  EXPECT_EQ(assumed.layers[3].kv_source, own);
  EXPECT_EQ(assumed.per_layer_embedding->width, 256);
  EXPECT_EQ(assumed.per_layer_embedding->vocab_size, 262144);
}

TEST(ModelConfig, Gemma4Assumes) {
  const ModelConfig c = parse(R"({"model_type":"gemma4_text"})");
  EXPECT_EQ(c.layers.size(), 30u);
  EXPECT_EQ(c.layers[4].attention, S);
  EXPECT_EQ(c.layers[5].attention, F);
  EXPECT_EQ(c.layers[4].head_dim, 256);
  EXPECT_EQ(c.layers[5].head_dim, 512);
  EXPECT_EQ(c.sliding_window, 512);
  EXPECT_EQ(c.rope(S).theta, 1e4);
  EXPECT_EQ(c.rope(F).theta, 1e6);
  EXPECT_EQ(c.rope(F).type, RopeType::proportional);
  EXPECT_EQ(kinds(small("gemma4_text")), (Layers{S, S, S, F}));
  const ModelConfig wrapped =
      parse(R"({"model_type":"gemma4","text_config":{"use_bidirectional_attention":"vision"}})");
  EXPECT_EQ(wrapped.decoder_type, "gemma4_text");
}

TEST(ModelConfig, Gemma4Refuses) {
  EXPECT_THAT(unsupported("gemma4_text", R"("use_bidirectional_attention":"all")"),
              HasSubstr("use_bidirectional_attention: \"all\" is not supported"));
  EXPECT_THAT(unsupported("gemma4_text", R"("layer_types":["full_attention","full_attention",)"
                                         R"("full_attention","sliding_attention"])"),
              HasSubstr("layer_types: a last layer that slides is not supported"));
  EXPECT_THAT(unsupported("gemma4_text", R"("per_layer_config":{"0":{"hidden_size":3}})"),
              HasSubstr("per_layer_config: 0: \"hidden_size\" is not supported"));
  EXPECT_THAT(unsupported("gemma4_text", R"("per_layer_config":{"0":{"head_dim":32}})"),
              HasSubstr("head sizes that differ within a layer type are not supported"));
  for (const char* key : {"4", "-1", "x", "1x", ""})
    EXPECT_THAT(
        format_error("gemma4_text", fmt::format(R"("per_layer_config":{{"{}":{{}}}})", key)),
        HasSubstr("per_layer_config: expected numbers of layers below 4, got"));
  EXPECT_THAT(format_error("gemma4_text", R"("per_layer_config":{"3":null})"),
              HasSubstr("per_layer_config: 3: expected an object"));
  EXPECT_THAT(format_error("gemma4_text", R"("per_layer_config":{"3":{"num_key_value_heads":3}})"),
              HasSubstr("num_key_value_heads: expected a divisor of 4 heads, got 3"));
}

TEST(ModelConfig, Gemma4RefusesKeysThatNoLayerHas) {
  EXPECT_THAT(format_error("gemma4_text", R"("num_kv_shared_layers":4)"),
              HasSubstr("num_kv_shared_layers: expected an integer in [0, 3], got 4"));
  EXPECT_THAT(format_error("gemma4_text", R"("num_kv_shared_layers":2)"),
              HasSubstr("num_kv_shared_layers: no earlier layer has the keys of layer 3"));
  EXPECT_THAT(format_error("gemma4_text", R"("vocab_size_per_layer_input":9)"),
              HasSubstr("vocab_size_per_layer_input: expected an integer in [262144, 4194304]"));
}

TEST(ModelConfig, Mamba2) {
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
  EXPECT_FALSE(sizes.projection_bias || sizes.packed_projections);
  EXPECT_EQ(sizes.least_step, 0);
  EXPECT_EQ(sizes.largest_step, std::nullopt);
  EXPECT_EQ(c.norm_epsilon, 1e-5);
  EXPECT_EQ(c.max_positions, kMaxPositions);
  EXPECT_TRUE(c.f32_residual);
  EXPECT_FALSE(c.tied_embeddings);
}

TEST(ModelConfig, Mamba2Defaults) {
  const ModelConfig c = parse(R"({"model_type":"mamba2"})");
  EXPECT_EQ(c.vocab_size, 32768);
  EXPECT_EQ(c.layers.size(), 64u);
  EXPECT_EQ(c.recurrence->conv_channels(), 8192 + 2 * 8 * 128);
  const ModelConfig limited = parse(R"({"model_type":"mamba2","time_step_limit":[0.001,0.1]})");
  EXPECT_EQ(limited.recurrence->least_step, 0.001);
  EXPECT_EQ(limited.recurrence->largest_step, 0.1);
}

TEST(ModelConfig, Qwen35) {
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
  EXPECT_FALSE(sizes.conv_bias || sizes.projection_bias || sizes.packed_projections);
  EXPECT_EQ(c.full_rope.partial_rotary_factor, 0.25);
  EXPECT_EQ(c.full_rope.theta, 1e7);
  EXPECT_EQ(c.norm, NormKind::one_plus);
  EXPECT_TRUE(c.qk_norm && c.gated_attention);
  EXPECT_FALSE(c.qkv_bias || c.f32_residual);
}

TEST(ModelConfig, Qwen35LayersWithoutAList) {
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

TEST(ModelConfig, QwenHybridsWithExperts) {
  const ModelConfig next = golden("qwen3_next");
  EXPECT_TRUE(next.recurrence.value().packed_projections);
  EXPECT_EQ(next.layers[2].mixer, TokenMixer::gated_delta_net);
  EXPECT_EQ(next.layers[3].mixer, TokenMixer::attention);
  EXPECT_TRUE(next.layers[2].has_experts && next.layers[3].has_experts);
  EXPECT_EQ(next.experts.value().count, 8);
  EXPECT_EQ(next.experts->chosen, 2);
  EXPECT_EQ(next.experts->intermediate_size, 48);
  EXPECT_EQ(next.experts->shared_intermediate_size, 48);
  EXPECT_TRUE(next.experts->normalised && next.gated_attention);

  const ModelConfig five = golden("qwen3_5_moe");
  EXPECT_FALSE(five.recurrence.value().packed_projections);
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

TEST(ModelConfig, RefusesUnusableRecurrences) {
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

TEST(ModelConfig, ClassDefaults) {
  const ModelConfig llama = parse(R"({"model_type":"llama"})");
  EXPECT_EQ(llama.vocab_size, 32000);
  EXPECT_EQ(llama.layers[0].kv_heads, 32);
  EXPECT_EQ(llama.layers[0].head_dim, 128);
  EXPECT_EQ(llama.full_rope.theta, 1e4);
  EXPECT_EQ(llama.dtype, std::nullopt);
  EXPECT_TRUE(llama.eos_token_ids.empty());
  EXPECT_EQ(parse(R"({"model_type":"llama","num_attention_heads":16})").layers[0].kv_heads, 16);
  EXPECT_EQ(parse(R"({"model_type":"qwen2"})").layers[0].intermediate_size, 22016);
  const ModelConfig qwen3 = parse(R"({"model_type":"qwen3","hidden_size":1024,)"
                                  R"("num_attention_heads":16,"num_key_value_heads":8})");
  EXPECT_EQ(qwen3.layers[0].head_dim, 128);
  const ModelConfig mistral = parse(R"({"model_type":"mistral"})");
  EXPECT_EQ(mistral.layers[0].kv_heads, 8);
  const ModelConfig ministral = parse(R"({"model_type":"ministral3"})");
  EXPECT_EQ(ministral.vocab_size, 131072);
  EXPECT_EQ(ministral.layers.size(), 34u);
  EXPECT_EQ(ministral.layers[0].head_dim, 128);
  EXPECT_EQ(ministral.norm_epsilon, 1e-5);
  EXPECT_EQ(ministral.sliding_window, 0);
  EXPECT_EQ(mistral.sliding_window, 4096);
  const ModelConfig first = parse(R"({"model_type":"gemma"})");
  EXPECT_EQ(first.vocab_size, 256000);
  EXPECT_EQ(first.layers.size(), 28u);
  EXPECT_EQ(first.layers[0].kv_heads, 16);
  EXPECT_EQ(first.layers[0].intermediate_size, 24576);
  const ModelConfig second = parse(R"({"model_type":"gemma2"})");
  EXPECT_EQ(second.hidden_size, 2304);
  EXPECT_EQ(second.layers.size(), 26u);
  EXPECT_EQ(second.layers[0].head_dim, 256);
  EXPECT_EQ(second.sliding_window, 4096);
  EXPECT_EQ(second.query_scale, 0.0625);
  const ModelConfig gemma = parse(R"({"model_type":"gemma3_text"})");
  EXPECT_EQ(gemma.vocab_size, 262208);
  EXPECT_EQ(gemma.layers[0].head_dim, 256);
  EXPECT_EQ(gemma.layers.size(), 26u);
  EXPECT_EQ(gemma.sliding_window, 4096);
  EXPECT_EQ(gemma.query_scale, 0.0625);
  EXPECT_EQ(gemma.rope(F).theta, 1e6);
  EXPECT_EQ(gemma.rope(S).theta, 1e4);
}

TEST(ModelConfig, MistralWindowKeyAbsentNullOrSet) {
  EXPECT_EQ(kinds(small("mistral")), (Layers{S, S, S, S}));
  EXPECT_EQ(small("mistral").sliding_window, 4096);
  const ModelConfig full = small("mistral", R"("sliding_window":null)");
  EXPECT_EQ(kinds(full), (Layers{F, F, F, F}));
  EXPECT_EQ(full.sliding_window, 0);
  EXPECT_EQ(small("mistral", R"("sliding_window":5)").sliding_window, 5);
  EXPECT_THAT(format_error("mistral", R"("sliding_window":0)"),
              HasSubstr("sliding_window: expected an integer in [1, "));
}

TEST(ModelConfig, QwenWindowNeedsItsSwitch) {
  EXPECT_EQ(kinds(small("qwen2", R"("sliding_window":8,"max_window_layers":2)")),
            (Layers{F, F, F, F}));
  const ModelConfig c =
      small("qwen2", R"("use_sliding_window":true,"sliding_window":8,"max_window_layers":2)");
  EXPECT_EQ(kinds(c), (Layers{F, F, S, S}));
  EXPECT_EQ(c.sliding_window, 8);
  EXPECT_EQ(small("qwen3", R"("use_sliding_window":true,"max_window_layers":3)").sliding_window,
            4096);
  EXPECT_EQ(kinds(small("qwen3", R"("use_sliding_window":true,"sliding_window":null,)"
                                 R"("max_window_layers":0)")),
            (Layers{F, F, F, F}));
  EXPECT_THAT(format_error("qwen2", R"("layer_types":["full_attention","full_attention",)"
                                    R"("sliding_attention","full_attention"])"),
              HasSubstr("sliding_window: expected a window for the sliding layers, got nothing"));
}

TEST(ModelConfig, Gemma3PatternAndLayerTypes) {
  EXPECT_EQ(kinds(small("gemma3_text", R"("sliding_window_pattern":2)")), (Layers{S, F, S, F}));
  EXPECT_EQ(kinds(small("gemma3_text", R"("_sliding_window_pattern":3)")), (Layers{S, S, F, S}));
  EXPECT_EQ(kinds(small("gemma3_text", R"("sliding_window_pattern":2,"layer_types":)"
                                       R"(["full_attention","full_attention","sliding_attention",)"
                                       R"("sliding_attention"])")),
            (Layers{F, F, S, S}));
  EXPECT_THAT(format_error("gemma3_text", R"("sliding_window_pattern":0)"),
              HasSubstr("sliding_window_pattern: expected an integer in [1, "));
  EXPECT_THAT(format_error("gemma3_text", R"("sliding_window":null)"),
              HasSubstr("expected a window for the sliding layers"));
}

TEST(ModelConfig, OldAndNewRopeSpellingsAgree) {
  const std::string scaling = R"("factor":8,"low_freq_factor":1,"high_freq_factor":4,)"
                              R"("original_max_position_embeddings":8192)";
  const auto old_style =
      small("llama", R"("rope_theta":5e5,"rope_scaling":{"rope_type":"llama3",)" + scaling + "}");
  const auto older_style =
      small("llama", R"("rope_theta":5e5,"rope_scaling":{"type":"llama3",)" + scaling + "}");
  const auto new_style = small(
      "llama", R"("rope_parameters":{"rope_theta":5e5,"rope_type":"llama3",)" + scaling + "}");
  const auto nested = small("llama", R"("rope_parameters":{"full_attention":{"rope_theta":5e5,)"
                                     R"("rope_type":"llama3",)" +
                                         scaling + "}}");
  EXPECT_EQ(old_style.full_rope.factor, 8);
  EXPECT_EQ(old_style.full_rope, new_style.full_rope);
  EXPECT_EQ(older_style.full_rope, new_style.full_rope);
  EXPECT_EQ(nested.full_rope, new_style.full_rope);
  EXPECT_EQ(small("llama", R"("rope_theta":7e5,"rope_scaling":null)").full_rope.theta, 7e5);
  EXPECT_EQ(small("llama", R"("rope_theta":7e5,"rope_parameters":{})").full_rope.theta, 7e5);
}

TEST(ModelConfig, Gemma3ScalesItsFullLayersOnly) {
  const auto old_style =
      small("gemma3_text", R"("rope_theta":2e6,"rope_local_base_freq":2e4,)"
                           R"("rope_scaling":{"rope_type":"linear","factor":8.0})");
  EXPECT_EQ(old_style.full_rope.type, RopeType::linear);
  EXPECT_EQ(old_style.full_rope.theta, 2e6);
  EXPECT_EQ(old_style.sliding_rope.type, RopeType::plain);
  EXPECT_EQ(old_style.sliding_rope.theta, 2e4);
  const auto new_style = small(
      "gemma3_text", R"("rope_parameters":{"full_attention":{"rope_type":"linear","factor":8,)"
                     R"("rope_theta":2e6},"sliding_attention":{"rope_theta":2e4}})");
  EXPECT_EQ(new_style.full_rope, old_style.full_rope);
  EXPECT_EQ(new_style.sliding_rope, old_style.sliding_rope);
}

TEST(ModelConfig, NestedRopeMustCoverTheLayers) {
  EXPECT_THAT(format_error("mistral", R"("rope_parameters":{"full_attention":{}})"),
              HasSubstr("rope_parameters: sliding_attention: expected an object, got nothing"));
  EXPECT_THAT(unsupported("llama", R"("rope_parameters":{"full_attention":{},"x":{}})"),
              HasSubstr("\"x\" is not supported beside parameters per layer type"));
}

TEST(ModelConfig, Gemma3Wrapper) {
  const ModelConfig c = parse(
      R"({"model_type":"gemma3","architectures":["Gemma3ForConditionalGeneration"],)"
      R"("eos_token_id":[1,106],"torch_dtype":"bfloat16","vision_config":{"hidden_size":1152},)"
      R"("text_config":{"model_type":"gemma3_text","hidden_size":2560,"intermediate_size":10240,)"
      R"("num_hidden_layers":34,"sliding_window":1024,"bos_token_id":2,)"
      R"("rope_scaling":{"factor":8.0,"rope_type":"linear"}}})");
  EXPECT_EQ(c.model_type, "gemma3");
  EXPECT_EQ(c.decoder_type, "gemma3_text");
  EXPECT_EQ(c.hidden_size, 2560);
  EXPECT_EQ(c.vocab_size, 262208);
  EXPECT_EQ(c.attention_heads, 8);
  EXPECT_EQ(c.layers[5].attention, F);
  EXPECT_EQ(c.layers[33].attention, S);
  EXPECT_EQ(c.sliding_window, 1024);
  EXPECT_EQ(c.full_rope.factor, 8);
  EXPECT_EQ(c.dtype, DType::bf16);
  EXPECT_EQ(c.bos_token_id, 2);
  EXPECT_EQ(c.eos_token_ids, (std::vector<std::int64_t>{1, 106}));
  EXPECT_TRUE(c.tied_embeddings);
  EXPECT_FALSE(parse(R"({"model_type":"gemma3","text_config":{},"tie_word_embeddings":false})")
                   .tied_embeddings);
  EXPECT_THAT(message_of<FormatError>([] { parse(R"({"model_type":"gemma3"})"); }),
              HasSubstr("text_config: expected an object, got nothing"));
  EXPECT_THAT(message_of<Unsupported>(
                  [] { parse(R"({"model_type":"gemma3","text_config":{"model_type":"llama"}})"); }),
              HasSubstr("text_config: model type \"llama\" is not supported"));
  EXPECT_THAT(message_of<Unsupported>([] {
                parse(R"({"model_type":"gemma3","text_config":{"quantization_config":)"
                      R"({"quant_method":"hqq"}}})");
              }),
              HasSubstr("text_config: quantization_config: quantisation method \"hqq\""));
}

std::optional<MatrixEncoding> affine(std::int64_t bits, std::int64_t group_size) {
  return AffineEncoding{bits, group_size};
}

TEST(ModelConfig, Mistral3WrapsEitherMistral) {
  const ModelConfig older = parse(R"({"model_type":"mistral3","text_config":{}})");
  EXPECT_EQ(older.model_type, "mistral3");
  EXPECT_EQ(older.decoder_type, "mistral");
  EXPECT_EQ(older.sliding_window, 4096);
  const ModelConfig newer =
      parse(R"({"model_type":"mistral3","text_config":{"model_type":"ministral3"}})");
  EXPECT_EQ(newer.decoder_type, "ministral3");
  EXPECT_EQ(newer.full_rope.query_scaling_beta, 0.1);
  EXPECT_THAT(message_of<Unsupported>([] {
                parse(R"({"model_type":"mistral3","text_config":{"model_type":"qwen3"}})");
              }),
              HasSubstr("text_config: model type \"qwen3\" is not supported: expected mistral or "
                        "ministral3"));
}

TEST(ModelConfig, Quantization) {
  EXPECT_EQ(small("llama").quantization, std::nullopt);
  EXPECT_EQ(small("llama", R"("quantization_config":null)").quantization, std::nullopt);
  const auto plain = small("llama", R"("quantization":{"group_size":32,"bits":8})").quantization;
  EXPECT_EQ(plain->encoding_of("model.layers.0.mlp.up_proj"), affine(8, 32));
  // Only the other key, and modules that differ.
  const auto listed = small("llama", R"("quantization_config":{"group_size":64,"bits":4,)"
                                     R"("mode":"affine","a.b":{"group_size":128,"bits":6},)"
                                     R"("c":false})")
                          .quantization;
  EXPECT_EQ(listed->encoding_of("a"), affine(4, 64));
  EXPECT_EQ(listed->encoding_of("a.b"), affine(6, 128));
  EXPECT_EQ(listed->encoding_of("c"), std::nullopt);
}

TEST(ModelConfig, RefusesOtherQuantization) {
  EXPECT_THAT(unsupported("llama", R"("quantization":{"bits":4,"mode":"nf4"})"),
              HasSubstr("quantization: quantisation mode \"nf4\" is not supported"));
  EXPECT_THAT(unsupported("llama", R"("quantization":{"group_size":64,"mode":"mxfp4"})"),
              HasSubstr("quantization: 4 bits in groups of 64: expected 4 and 32 for mode"));
  EXPECT_THAT(unsupported("llama", R"("quantization":{"bits":7,"group_size":64})"),
              HasSubstr("quantization: 7 bits in groups of 64 are not supported"));
  EXPECT_THAT(unsupported("llama", R"("quantization":{"bits":4,"group_size":64,)"
                                   R"("a.b":{"bits":4,"group_size":8}})"),
              HasSubstr("quantization: a.b: 4 bits in groups of 8 are not supported"));
  EXPECT_THAT(format_error("llama", R"("quantization":{"bits":"4"})"),
              HasSubstr("bits: expected an integer"));
  EXPECT_THAT(format_error("llama", R"("quantization":[4])"), HasSubstr("expected an object"));
  EXPECT_THAT(format_error("llama", R"("quantization":{"bits":4,"a.b":1})"),
              HasSubstr("a.b: expected an object"));
}

TEST(ModelConfig, QuantizationModes) {
  const auto config = small("llama", R"("quantization":{"mode":"mxfp4","a":{"mode":"nvfp4"},)"
                                     R"("b":{"mode":"mxfp8","bits":8},"c":{"bits":8}})")
                          .quantization;
  const auto floats = [](std::int64_t exponent, std::int64_t mantissa, std::int64_t group) {
    return std::optional<MatrixEncoding>(FloatEncoding{exponent, mantissa, group});
  };
  EXPECT_EQ(config->encoding_of("x"), floats(2, 1, 32));
  EXPECT_EQ(config->encoding_of("a"), floats(2, 1, 16));
  EXPECT_EQ(config->encoding_of("b"), floats(4, 3, 32));
  EXPECT_EQ(config->encoding_of("c"), affine(8, 64));
}

TEST(ModelConfig, QuantizationMethods) {
  const auto layout = [](const std::string& fields) {
    const auto config = small("llama", "\"quantization_config\":{" + fields + "}").quantization;
    EXPECT_EQ(config->encoding_of("x"), std::nullopt) << "the tensors say it";
    return config->layout;
  };
  EXPECT_EQ(layout(R"("quant_method":"gptq","bits":8)"), QuantizedLayout(GptqLayout{8, 1}));
  EXPECT_EQ(layout(R"("quant_method":"gptq","bits":4,"checkpoint_format":"gptq_v2")"),
            QuantizedLayout(GptqLayout{4, 0}));
  EXPECT_EQ(layout(R"("quant_method":"awq","bits":4,"version":"gemm")"),
            QuantizedLayout(AwqLayout{}));
  EXPECT_EQ(layout(R"("quant_method":"fp8","weight_block_size":[64,32])"),
            QuantizedLayout(Fp8Layout{64, 32}));
  EXPECT_EQ(layout(R"("quant_method":"fp8")"), QuantizedLayout(Fp8Layout{128, 128}));
  EXPECT_EQ(layout(R"("quant_method":"compressed-tensors","config_groups":{"group_0":{"weights":)"
                   R"({"strategy":"block","block_structure":[64,64]}}})"),
            QuantizedLayout(CompressedTensorsLayout{64, 64}));
}

TEST(ModelConfig, RefusesVariantsOfQuantizationMethods) {
  const auto refusal = [](const std::string& fields) {
    return unsupported("llama", "\"quantization_config\":{" + fields + "}");
  };
  EXPECT_THAT(refusal(R"("quant_method":"gptq","checkpoint_format":"marlin")"),
              HasSubstr("checkpoint_format \"marlin\" is not supported: expected \"gptq\""));
  EXPECT_THAT(refusal(R"("quant_method":"gptq","bits":7)"), HasSubstr("7 bits are not supported"));
  EXPECT_THAT(refusal(R"("quant_method":"awq","version":"gemv")"),
              HasSubstr("version \"gemv\" is not supported: expected \"gemm\""));
  EXPECT_THAT(refusal(R"("quant_method":"awq","w_bit":3)"), HasSubstr("3 bits are not supported"));
  EXPECT_THAT(refusal(R"("quant_method":"compressed-tensors",)"
                      R"("sparsity_config":{"format":"sparse-24-bitmask"})"),
              HasSubstr("format \"sparse-24-bitmask\" is not supported"));
  EXPECT_THAT(format_error("llama", R"("quantization_config":{"quant_method":"fp8",)"
                                    R"("weight_block_size":[128,100]})"),
              HasSubstr("weight_block_size: expected rows and columns of a block"));
}

// What the configs of these models hold besides sizes; both load as the family they were made from.
TEST(ModelConfig, CodeLlamaAndDistils) {
  const ModelConfig code = small("llama", R"("architectures":["LlamaForCausalLM"],)"
                                          R"("pretraining_tp":1,"rope_scaling":null,)"
                                          R"("rope_theta":1000000,"vocab_size":32016)");
  EXPECT_EQ(code.full_rope.theta, 1e6);
  EXPECT_EQ(code.full_rope.type, RopeType::plain);
  const ModelConfig qwen = small(
      "qwen2", R"("architectures":["Qwen2ForCausalLM"],"max_window_layers":2,"rope_theta":10000,)"
               R"("sliding_window":4096,"use_mrope":false,"use_sliding_window":false)");
  EXPECT_EQ(kinds(qwen), (Layers{F, F, F, F}));
  EXPECT_TRUE(qwen.qkv_bias);
  EXPECT_EQ(qwen.full_rope.theta, 1e4);
  const ModelConfig llama =
      small("llama", R"("rope_theta":500000.0,"rope_scaling":{"factor":8.0,"low_freq_factor":1.0,)"
                     R"("high_freq_factor":4.0,"original_max_position_embeddings":8192,)"
                     R"("rope_type":"llama3"},"attention_bias":false,"mlp_bias":false)");
  EXPECT_EQ(llama.full_rope.type, RopeType::llama3);
  EXPECT_EQ(llama.full_rope.original_max_positions, 8192);
}

TEST(ModelConfig, TokensAndTypes) {
  EXPECT_EQ(small("llama", R"("eos_token_id":[3,1,3])").eos_token_ids,
            (std::vector<std::int64_t>{3, 1}));
  EXPECT_TRUE(small("llama", R"("eos_token_id":null)").eos_token_ids.empty());
  EXPECT_THAT(format_error("llama", R"("eos_token_id":-1)"), HasSubstr("eos_token_id: expected"));
  EXPECT_THAT(format_error("llama", R"("eos_token_id":[1,"a"])"), HasSubstr("eos_token_id"));
  EXPECT_EQ(small("llama", R"("torch_dtype":"float16")").dtype, DType::f16);
  EXPECT_EQ(small("llama", R"("dtype":"float32","torch_dtype":"float16")").dtype, DType::f32);
  EXPECT_THAT(unsupported("llama", R"("dtype":"float64")"),
              HasSubstr("dtype \"float64\" is not supported"));
}

TEST(ModelConfig, RefusesUnsupportedFeaturesByName) {
  EXPECT_THAT(message_of<Unsupported>([] { parse(R"({"model_type":"gpt2"})"); }),
              AllOf(HasSubstr("config.json: model type \"gpt2\" is not supported"),
                    HasSubstr("expected one of gemma, gemma2, gemma3_text, ")));
  EXPECT_THAT(
      unsupported("llama", R"("quantization_config":{"quant_method":"bitsandbytes"})"),
      HasSubstr("quantization_config: quantisation method \"bitsandbytes\" is not supported"));
  EXPECT_THAT(unsupported("llama", R"("hidden_act":"relu2")"),
              HasSubstr("hidden_act: activation \"relu2\" is not supported"));
  EXPECT_THAT(unsupported("mistral", R"("attention_bias":true)"),
              HasSubstr("attention_bias is not supported"));
  for (const char* gemma : {"gemma", "gemma2", "gemma3_text"})
    EXPECT_THAT(unsupported(gemma, R"("use_bidirectional_attention":true)"),
                HasSubstr("use_bidirectional_attention is not supported"));
  EXPECT_THAT(unsupported("gemma3_text", R"("attn_logit_softcapping":50.0)"),
              HasSubstr("attn_logit_softcapping is not supported"));
  EXPECT_THAT(unsupported("llama", R"("rope_scaling":{"type":"dynamic","factor":2})"),
              HasSubstr("rope_scaling: rope type \"dynamic\" is not supported"));
  EXPECT_THAT(unsupported("llama", R"("architectures":["LlamaForSequenceClassification"])"),
              HasSubstr("architecture \"LlamaForSequenceClassification\" is not supported"));
  EXPECT_THAT(unsupported("qwen2", R"("layer_types":["full_attention","linear_attention",)"
                                   R"("full_attention","full_attention"])"),
              HasSubstr("layer_types: \"linear_attention\" is not supported"));
  EXPECT_THAT(unsupported("llama", R"("layer_types":["full_attention","sliding_attention",)"
                                   R"("full_attention","full_attention"])"),
              HasSubstr("this model type has another order of layers"));
}

TEST(ModelConfig, RefusesUnusableSizes) {
  struct Case {
    std::string fields;
    std::string message;
  };
  const std::vector<Case> cases = {
      {R"("vocab_size":0)", "vocab_size: expected an integer in [1, 4194304], got 0"},
      {R"("vocab_size":4194305)", "got 4194305"},
      {R"("vocab_size":"many")", "vocab_size: expected an integer in [1, 4194304], got \"many\""},
      {R"("intermediate_size":-1)", "intermediate_size: expected an integer in [1, "},
      {R"("max_position_embeddings":0)", "max_position_embeddings: expected an integer"},
      {R"("head_dim":0)", "head_dim: expected an integer in [1, 4096], got 0"},
      {R"("head_dim":5)", "expected an even number of rotating dimensions, got 5 of 5"},
      {R"("rms_norm_eps":0)", "rms_norm_eps: expected a number above 0"},
      {R"("rms_norm_eps":"x")", "rms_norm_eps: expected a finite number, got \"x\""},
      {R"("tie_word_embeddings":1)", "tie_word_embeddings: expected true or false, got 1"},
      {R"("attention_bias":"yes")", "attention_bias: expected true or false, got \"yes\""},
      {R"("rope_scaling":[])", "rope_scaling: expected an object, got array"},
      {R"("layer_types":["full_attention"])", "layer_types: expected 4 entries, got 1"},
      {R"("architectures":"x")", "architectures: expected a list of strings"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(format_error("llama", c.fields), HasSubstr(c.message)) << c.fields;

  const auto error = [](std::string_view text) {
    return message_of<FormatError>([&] { parse(text); });
  };
  EXPECT_THAT(error(R"({"model_type":"llama","num_hidden_layers":0})"),
              HasSubstr("num_hidden_layers: expected an integer in [1, 1024], got 0"));
  EXPECT_THAT(error(R"({"model_type":"llama","num_hidden_layers":1025})"), HasSubstr("got 1025"));
  EXPECT_THAT(error(R"({"model_type":"llama","num_hidden_layers":18446744073709551615})"),
              HasSubstr("got 18446744073709551615"));
  EXPECT_THAT(error(R"({"model_type":"llama","num_key_value_heads":5})"),
              HasSubstr("num_key_value_heads: expected a divisor of 32 heads, got 5"));
  // The class's own number has to fit, too.
  EXPECT_THAT(error(R"({"model_type":"mistral","num_attention_heads":4})"),
              HasSubstr("num_key_value_heads: expected a divisor of 4 heads, got 8"));
  EXPECT_THAT(error(R"({"model_type":"llama","num_key_value_heads":0})"),
              HasSubstr("num_key_value_heads: expected an integer in [1, "));
  EXPECT_THAT(error(R"({"model_type":"llama","num_attention_heads":3,"num_key_value_heads":1})"),
              HasSubstr("num_attention_heads: expected a divisor of hidden_size 4096, got 3"));
  EXPECT_THAT(error("[]"), HasSubstr("config.json: expected an object, got array"));
  EXPECT_THAT(error("{}"), HasSubstr("model_type: expected a string, got nothing"));
  EXPECT_THAT(error(R"({"model_type":3})"), HasSubstr("model_type: expected a string, got 3"));
}

TEST(ModelConfig, Activations) {
  const auto activation = [](const std::string& name) {
    return small("llama", R"("hidden_act":")" + name + "\"").activation;
  };
  EXPECT_EQ(activation("silu"), Activation::silu);
  EXPECT_EQ(activation("swish"), Activation::silu);
  EXPECT_EQ(activation("gelu"), Activation::gelu);
  EXPECT_EQ(activation("gelu_pytorch_tanh"), Activation::gelu_tanh);
  EXPECT_EQ(activation("gelu_new"), Activation::gelu_tanh);
}

TEST(ModelConfig, NullMeansAbsent) {
  const ModelConfig c = small("llama", R"("head_dim":null,"rope_theta":null,"vocab_size":null)");
  EXPECT_EQ(c.layers[0].head_dim, 16);
  EXPECT_EQ(c.vocab_size, 32000);
  EXPECT_EQ(parse(R"({"model_type":"qwen2","num_key_value_heads":null})").layers[0].kv_heads, 32);
}

TEST(ModelConfig, ReportsTheFile) {
  const test::TemporaryFolder folder;
  EXPECT_THAT(message_of<IoError>([&] { read_model_config(folder.path()); }),
              HasSubstr("config.json\": No such file"));
  folder.write("config.json", R"({"model_type":"x"})");
  EXPECT_THAT(message_of<Unsupported>([&] { read_model_config(folder.path()); }),
              HasSubstr(folder.path().string()));
}

}  // namespace
}  // namespace ashlar
