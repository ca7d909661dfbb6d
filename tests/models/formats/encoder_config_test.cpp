// SPDX-License-Identifier: Apache-2.0
#include "models/formats/encoder_config.h"

#include "models/formats/json_file.h"
#include "runtime/program/error.h"
#include "tests/models/formats/test_files.h"

#include <gmock/gmock.h>

namespace ashlar {
namespace {

using test::message_of;
using testing::HasSubstr;

EncoderConfig golden(const std::string& name) {
  return read_encoder_config(ASHLAR_TEST_DATA "/goldens/encoders/" + name);
}

EncoderConfig bert(const std::string& more = "") {
  const std::string text = R"({"model_type":"bert")" + (more.empty() ? "" : "," + more) + "}";
  return parse_encoder_config(parse_json(text, "f"), "config.json");
}

TEST(EncoderConfig, Bert) {
  const EncoderConfig c = golden("bert");
  EXPECT_EQ(c.vocab_size, 256);
  EXPECT_EQ(c.hidden_size, 64);
  EXPECT_EQ(c.intermediate_size, 128);
  EXPECT_EQ(c.layers, 3);
  EXPECT_EQ(c.attention_heads, 4);
  EXPECT_EQ(c.max_positions, 128);
  EXPECT_EQ(c.token_types, 2);
  EXPECT_EQ(c.norm_epsilon, 1e-12);
  EXPECT_EQ(c.activation, Activation::gelu);
  EXPECT_EQ(c.labels, 0);
  EXPECT_EQ(c.dtype, DType::bf16);
  EXPECT_EQ(golden("bert_reranker").labels, 1);
}

TEST(EncoderConfig, ClassDefaults) {
  const EncoderConfig c = bert();
  EXPECT_EQ(c.vocab_size, 30522);
  EXPECT_EQ(c.hidden_size, 768);
  EXPECT_EQ(c.intermediate_size, 3072);
  EXPECT_EQ(c.layers, 12);
  EXPECT_EQ(c.max_positions, 512);
  const std::string classifier = R"("architectures":["BertForSequenceClassification"])";
  EXPECT_EQ(bert(classifier).labels, 2);
  EXPECT_EQ(bert(classifier + R"(,"num_labels":3)").labels, 3);
  EXPECT_EQ(bert(classifier + R"(,"id2label":{"0":"A"},"num_labels":3)").labels, 1);
  EXPECT_EQ(bert(R"("num_labels":3)").labels, 0);
}

TEST(EncoderConfig, RobertaCountsPositionsFromItsPaddingOn) {
  const auto parse = [](const std::string& text) {
    return parse_encoder_config(parse_json(text, "f"), "config.json");
  };
  const EncoderConfig c = parse(R"({"model_type":"xlm-roberta","max_position_embeddings":514,
      "architectures":["XLMRobertaForSequenceClassification"],"num_labels":1})");
  EXPECT_EQ(c.kind, EncoderKind::roberta);
  EXPECT_EQ(c.first_position, 2);
  EXPECT_EQ(c.max_positions, 512);
  EXPECT_EQ(c.labels, 1);
  EXPECT_EQ(parse(R"({"model_type":"roberta","pad_token_id":0})").first_position, 1);
  EXPECT_EQ(parse(R"({"model_type":"camembert"})").vocab_size, 30522);
  EXPECT_THAT(message_of<Unsupported>(
                  [&] { parse(R"({"model_type":"roberta","architectures":["BertModel"]})"); }),
              HasSubstr("architecture \"BertModel\" is not supported"));
  EXPECT_THAT(message_of<FormatError>(
                  [&] { parse(R"({"model_type":"roberta","max_position_embeddings":2})"); }),
              HasSubstr("max_position_embeddings"));
}

TEST(EncoderConfig, RefusesByName) {
  const auto unsupported = [](const std::string& more) {
    return message_of<Unsupported>([&] { bert(more); });
  };
  EXPECT_THAT(unsupported(R"("is_decoder":true)"), HasSubstr("is_decoder is not supported"));
  EXPECT_THAT(unsupported(R"("add_cross_attention":true)"), HasSubstr("add_cross_attention"));
  EXPECT_THAT(unsupported(R"("position_embedding_type":"relative_key")"),
              HasSubstr("position_embedding_type: \"relative_key\" is not supported"));
  EXPECT_THAT(unsupported(R"("architectures":["BertForQuestionAnswering"])"),
              HasSubstr("architecture \"BertForQuestionAnswering\" is not supported"));
  EXPECT_THAT(unsupported(R"("hidden_act":"relu")"), HasSubstr("activation \"relu\""));
  EXPECT_THAT(message_of<Unsupported>([] {
                parse_encoder_config(parse_json(R"({"model_type":"llama"})", "f"), "config.json");
              }),
              HasSubstr("model type \"llama\" is no encoder that is supported: expected bert"));
  EXPECT_THAT(message_of<FormatError>([] { bert(R"("num_attention_heads":7)"); }),
              HasSubstr("num_attention_heads: expected a divisor of hidden_size 768, got 7"));
  EXPECT_THAT(message_of<FormatError>([] { bert(R"("type_vocab_size":0)"); }),
              HasSubstr("type_vocab_size: expected an integer in [1, "));
}

}  // namespace
}  // namespace ashlar
