// SPDX-License-Identifier: Apache-2.0
#include "models/formats/model_config.h"

#include "tests/models/formats/config_cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace ashlar::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

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

TEST(ModelConfig, NestedRopeMustCoverTheLayers) {
  EXPECT_THAT(format_error("mistral", R"("rope_parameters":{"full_attention":{}})"),
              HasSubstr("rope_parameters: sliding_attention: expected an object, got nothing"));
  EXPECT_THAT(unsupported("llama", R"("rope_parameters":{"full_attention":{},"x":{}})"),
              HasSubstr("\"x\" is not supported beside parameters per layer type"));
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
  // What some families know is not ignored by the others.
  for (const char* type : {"mixtral", "ministral3", "minimax_m2", "qwen2", "qwen3_5_text"}) {
    EXPECT_THAT(unsupported(type, R"("mlp_bias":true)"), HasSubstr("mlp_bias is not supported"));
    for (const char* cap : {"attn_logit_softcapping", "final_logit_softcapping"})
      EXPECT_THAT(unsupported(type, fmt::format(R"("{}":30.0)", cap)),
                  HasSubstr(fmt::format("{} is not supported", cap)));
  }
  for (const char* type : {"llama", "mixtral", "ministral3", "qwen2"})
    EXPECT_THAT(unsupported(type, R"("use_qk_norm":true)"),
                HasSubstr("use_qk_norm is not supported"));
  for (const char* type : {"mixtral", "ministral3", "minimax_m2"})
    EXPECT_THAT(unsupported(type, R"("attention_bias":true)"),
                HasSubstr("attention_bias is not supported"));
  for (const char* type : {"su", "dynamic", "ntk", "mrope"})
    for (const char* family : {"llama", "mistral", "qwen2", "qwen3", "gemma2", "gpt_oss"})
      EXPECT_THAT(
          unsupported(family,
                      fmt::format(R"("rope_scaling":{{"rope_type":"{}","factor":2}})", type)),
          HasSubstr(fmt::format("rope type \"{}\" is not supported", type)))
          << family;
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
}  // namespace ashlar::test
