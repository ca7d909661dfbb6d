// SPDX-License-Identifier: Apache-2.0
#include "models/families/encoder.h"

#include "models/nn/layers.h"
#include "runtime/array/ops.h"
#include "runtime/array/origin.h"

#include <cmath>

namespace ashlar {
namespace {

// Models with a head keep the encoder under a prefix.
nn::Weights encoder_root(const nn::Weights& root) {
  for (const std::string_view prefix : {"bert", "roberta"})
    if ((root / prefix).has("embeddings.word_embeddings.weight"))
      return root / prefix;
  return root;
}

}  // namespace

Encoder::Encoder(const EncoderConfig& config, const nn::Weights& weights, DType dtype)
    : config_(config), root_(weights), model_(encoder_root(weights)), dtype_(dtype) {}

Array Encoder::embed(const Array& ids, const Array& types) const {
  const nn::Weights weights = model_ / "embeddings";
  Scope scope("embeddings");
  const auto look_up = [&](const Array& rows, std::string_view table, std::int64_t size) {
    return nn::embedding(rows, weights / table, size, config_.hidden_size, dtype_);
  };
  const std::int64_t first = config_.first_position;
  const Array sum = look_up(ids, "word_embeddings", config_.vocab_size) +
                    look_up(types, "token_type_embeddings", config_.token_types) +
                    look_up(arange(first, first + ids.dim(1)), "position_embeddings",
                            first + config_.max_positions);
  return nn::layer_norm(sum, weights / "LayerNorm", config_.norm_epsilon);
}

Array Encoder::add_and_norm(const Array& x, const Array& output, const nn::Weights& weights) const {
  return nn::layer_norm(x + nn::linear(output, weights / "dense", config_.hidden_size, true),
                        weights / "LayerNorm", config_.norm_epsilon);
}

Array Encoder::attend(const Array& x, const nn::Weights& weights, const Array& valid) const {
  const std::int64_t heads = config_.attention_heads, depth = config_.hidden_size / heads;
  const auto project = [&](std::string_view name) {
    return unflatten(nn::linear(x, weights / name, config_.hidden_size, true), -1, {heads, depth});
  };
  const auto rows_first = [](const Array& rows) { return transpose(rows, {1, 0, 2, 3}); };
  const AttentionOptions options{.scale = 1 / std::sqrt(static_cast<double>(depth)),
                                 .causal = false};
  const Array mixed =
      attention(project("query"), rows_first(project("key")), rows_first(project("value")),
                zeros(valid.shape(), DType::i32), valid, options);
  return flatten(mixed, 2);
}

Array Encoder::layer(std::int64_t index, const Array& x, const Array& valid) const {
  const nn::Weights weights = model_ / "encoder" / "layer" / index;
  Scope scope(fmt::format("layers.{}", index));
  const nn::Weights attention = weights / "attention";
  const Array mixed = add_and_norm(x, attend(x, attention / "self", valid), attention / "output");
  const Array wide =
      nn::linear(mixed, weights / "intermediate" / "dense", config_.intermediate_size, true);
  return add_and_norm(mixed, nn::activate(wide, config_.activation), weights / "output");
}

Array Encoder::forward(const Array& ids, const Array& types, const Array& valid) const {
  Array x = embed(ids, types);
  for (std::int64_t i = 0; i < config_.layers; ++i)
    x = layer(i, x, valid);
  return x;
}

Array Encoder::classify(const Array& hidden) const {
  Scope scope("classifier");
  const Array first = squeeze(hidden(Slice(), Slice(0, 1)), 1);
  const bool is_roberta = config_.kind == EncoderKind::roberta;
  const nn::Weights head = root_ / "classifier";
  const nn::Weights pooler = is_roberta ? head : model_ / "pooler";
  const Array pooled = tanh(nn::linear(first, pooler / "dense", config_.hidden_size, true));
  return nn::linear(pooled, is_roberta ? head / "out_proj" : head, config_.labels, true)
      .astype(DType::f32);
}

}  // namespace ashlar
