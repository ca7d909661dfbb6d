// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/bert_config.h"

#include "models/formats/model_config.h"
#include "runtime/program/error.h"

#include <iterator>
#include <string>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";

std::int64_t table_rows(const FileSet& files, std::string_view name) {
  const StoredTensor* table = files.find(name);
  if (!table || table->info->shape.rank() != 2)
    throw FormatError(kUnit, "{}: expected a matrix {}", files.name(), name);
  return table->info->shape.dim(0);
}

// The layer in front of the scores is BERT's pooler, or RoBERTa's, which does the same.
void add_classifier(const FileSet& files, nlohmann::json& config) {
  const bool has_pooler = files.find("cls.weight") != nullptr,
             has_scores = files.find("cls.output.weight") != nullptr;
  if (!has_pooler && !has_scores)
    return;
  if (!has_pooler || !has_scores)
    throw Unsupported(kUnit, "{}: a classifier without {} is not supported", files.name(),
                      has_pooler ? "cls.output" : "cls, the layer in front of cls.output");
  const std::int64_t labels = table_rows(files, "cls.output.weight");
  config["architectures"] = {"BertForSequenceClassification"};
  config["num_labels"] = labels;
  const auto* names = (files.fields() / "bert").texts("classifier.output_labels");
  if (names && std::ssize(*names) == labels)
    for (std::size_t i = 0; i < names->size(); ++i)
      config["id2label"][std::to_string(i)] = (*names)[i];
}

}  // namespace

nlohmann::json bert_config(const FileSet& files) {
  const Fields fields = files.fields() / "bert";
  if (fields.flag("attention.causal").value_or(false))
    throw Unsupported(kUnit, "{}: causal attention is not supported with architecture bert",
                      fields.where());
  const auto epsilon = fields.positive_number("attention.layer_norm_epsilon");
  if (!epsilon)
    fields.fail("attention.layer_norm_epsilon", "expected a number, got nothing");
  nlohmann::json config{{"architectures", {"BertModel"}},
                        {"model_type", "bert"},
                        {"num_hidden_layers", fields.size("block_count")},
                        {"hidden_size", fields.size("embedding_length")},
                        {"intermediate_size", fields.size("feed_forward_length")},
                        {"num_attention_heads", fields.size("attention.head_count")},
                        {"layer_norm_eps", *epsilon},
                        {"vocab_size", table_rows(files, "token_embd.weight")},
                        {"max_position_embeddings", table_rows(files, "position_embd.weight")},
                        {"type_vocab_size", table_rows(files, "token_types.weight")},
                        {"hidden_act", "gelu"}};
  if (const std::string* dtype = files.fields().text(kDtypeKey))
    config["dtype"] = *dtype;
  add_classifier(files, config);
  return config;
}

PoolingConfig bert_pooling(const FileSet& files) {
  constexpr std::int64_t kNone = 0, kMean = 1, kFirst = 2, kScores = 4;
  const Fields fields = files.fields() / "bert";
  const std::int64_t mode = fields.integer("pooling_type", {-1, 255}).value_or(kMean);
  if (mode != kNone && mode != kMean && mode != kFirst && mode != kScores)
    throw Unsupported(kUnit, "{}: pooling_type {} is not supported", fields.where(), mode);
  PoolingConfig config{.pooling = mode == kFirst || mode == kScores ? Pooling::cls : Pooling::mean,
                       .normalize = files.fields().flag(kNormalizesKey).value_or(true)};
  const std::int64_t longest = fields.integer("context_length", {3, kMaxPositions})
                                   .value_or(table_rows(files, "position_embd.weight"));
  if (longest < table_rows(files, "position_embd.weight"))
    config.max_tokens = longest;
  return config;
}

}  // namespace ashlar::gguf
