// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/bert_config.h"

#include "runtime/program/error.h"

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";

std::int64_t table_rows(const FileSet& files, std::string_view name) {
  const StoredTensor* table = files.find(name);
  if (!table || table->info->shape.rank() != 2)
    throw FormatError(kUnit, "{}: expected a matrix {}", files.name(), name);
  return table->info->shape.dim(0);
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
  return {{"model_type", "bert"},
          {"num_hidden_layers", fields.size("block_count")},
          {"hidden_size", fields.size("embedding_length")},
          {"intermediate_size", fields.size("feed_forward_length")},
          {"num_attention_heads", fields.size("attention.head_count")},
          {"layer_norm_eps", *epsilon},
          {"vocab_size", table_rows(files, "token_embd.weight")},
          {"max_position_embeddings", table_rows(files, "position_embd.weight")},
          {"type_vocab_size", table_rows(files, "token_types.weight")},
          {"hidden_act", "gelu"}};
}

PoolingConfig bert_pooling(const FileSet& files) {
  constexpr std::int64_t kNone = 0, kMean = 1, kFirst = 2;
  const Fields fields = files.fields() / "bert";
  const std::int64_t mode = fields.integer("pooling_type", {-1, 255}).value_or(kMean);
  if (mode != kNone && mode != kMean && mode != kFirst)
    throw Unsupported(kUnit, "{}: pooling_type {} is not supported", fields.where(), mode);
  return {.pooling = mode == kFirst ? Pooling::cls : Pooling::mean, .normalize = true};
}

}  // namespace ashlar::gguf
