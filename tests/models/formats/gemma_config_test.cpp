// SPDX-License-Identifier: Apache-2.0
#include "tests/models/formats/config_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace ashlar::test {
namespace {

using testing::HasSubstr;

TEST(GemmaConfig, Gemma) {
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

TEST(GemmaConfig, Gemma2) {
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

TEST(GemmaConfig, Gemma2SoftcapKeysAbsentNullOrSet) {
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

TEST(GemmaConfig, Gemma3) {
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

TEST(GemmaConfig, Gemma4) {
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

TEST(GemmaConfig, Gemma4OlderSpellingOfHeadSizes) {
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

TEST(GemmaConfig, Gemma4SharesKeysAndEmbedsInEachLayer) {
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

TEST(GemmaConfig, Gemma4Assumes) {
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

TEST(GemmaConfig, Gemma4Refuses) {
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

TEST(GemmaConfig, Gemma4RefusesKeysThatNoLayerHas) {
  EXPECT_THAT(format_error("gemma4_text", R"("num_kv_shared_layers":4)"),
              HasSubstr("num_kv_shared_layers: expected an integer in [0, 3], got 4"));
  EXPECT_THAT(format_error("gemma4_text", R"("num_kv_shared_layers":2)"),
              HasSubstr("num_kv_shared_layers: no earlier layer has the keys of layer 3"));
  EXPECT_THAT(format_error("gemma4_text", R"("vocab_size_per_layer_input":9)"),
              HasSubstr("vocab_size_per_layer_input: expected an integer in [262144, 4194304]"));
}

TEST(GemmaConfig, Gemma3PatternAndLayerTypes) {
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

TEST(GemmaConfig, Gemma3ScalesItsFullLayersOnly) {
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

TEST(GemmaConfig, Gemma3Wrapper) {
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

}  // namespace
}  // namespace ashlar::test
