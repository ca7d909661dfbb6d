// SPDX-License-Identifier: Apache-2.0
#include "models/convert/encoder_to_gguf.h"

#include "models/convert/gguf_tokenizer.h"
#include "models/convert/weight_rows.h"
#include "models/formats/gguf/architecture.h"
#include "models/formats/gguf/bert_config.h"
#include "models/formats/gguf/writer.h"
#include "runtime/program/error.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "convert";

// The name that BERT's base model has for the tensor; none for what an encoder does not need.
std::optional<std::string> base_name(std::string_view name, const EncoderConfig& config) {
  for (const std::string_view prefix : {"bert.", "roberta."})
    if (name.starts_with(prefix))
      name.remove_prefix(prefix.size());
  std::string own(name);
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>("LayerNorm.gamma", "LayerNorm.weight"),
        {"LayerNorm.beta", "LayerNorm.bias"}})
    if (own.ends_with(from))
      own.replace(own.size() - from.size(), from.size(), to);
  for (const auto& [from, to] :
       {std::pair<std::string_view, std::string_view>("classifier.dense.", "pooler.dense."),
        {"classifier.out_proj.", "classifier."}})
    if (own.starts_with(from))
      own.replace(0, from.size(), to);
  const bool is_head = own.starts_with("pooler.") || own.starts_with("classifier.");
  if (is_head ? config.labels == 0
              : !own.starts_with("encoder.") && !own.starts_with("embeddings."))
    return std::nullopt;
  if (own.starts_with("embeddings.") && own.ends_with("_ids"))
    return std::nullopt;  // numbers from 0 on, and zeros
  return own;
}

std::string config_name(DType dtype) {
  return dtype == DType::f32 ? "float32" : dtype == DType::f16 ? "float16" : "bfloat16";
}

std::vector<std::string> labels_of(const EncoderSource& model) {
  const nlohmann::json config = model.config_json();
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < model.config().labels; ++i) {
    const nlohmann::json::json_pointer place(fmt::format("/id2label/{}", i));
    const bool is_named = config.contains(place) && config[place].is_string();
    labels.push_back(is_named ? config[place].get<std::string>() : fmt::format("LABEL_{}", i));
  }
  return labels;
}

gguf::Metadata metadata_of(const EncoderSource& model) {
  const EncoderConfig& config = model.config();
  const PoolingConfig& pooling = model.pooling();
  if (config.activation != Activation::gelu)
    throw Unsupported(kUnit, "GGUF cannot say this activation of architecture bert");
  constexpr std::uint32_t kMean = 1, kFirst = 2, kScores = 4;
  const auto count = [](std::int64_t value) { return static_cast<std::uint32_t>(value); };
  gguf::Metadata metadata{
      {"general.architecture", std::string("bert")},
      {"general.quantization_version", std::uint32_t{2}},
      {"bert.block_count", count(config.layers)},
      {"bert.context_length",
       count(std::min(config.max_positions, pooling.max_tokens.value_or(config.max_positions)))},
      {"bert.embedding_length", count(config.hidden_size)},
      {"bert.feed_forward_length", count(config.intermediate_size)},
      {"bert.attention.head_count", count(config.attention_heads)},
      {"bert.attention.layer_norm_epsilon", static_cast<float>(config.norm_epsilon)},
      {"bert.attention.causal", false},
      {"bert.pooling_type", config.labels > 0                  ? kScores
                            : pooling.pooling == Pooling::mean ? kMean
                                                               : kFirst},
      {"tokenizer.ggml.token_type_count", count(config.token_types)},
      {std::string(gguf::kNormalizesKey), pooling.normalize}};
  if (config.dtype)
    metadata[std::string(gguf::kDtypeKey)] = config_name(*config.dtype);
  if (config.labels > 0)
    metadata["bert.classifier.output_labels"] = gguf::Array(labels_of(model));
  return metadata;
}

}  // namespace

DType stored_dtype(const EncoderSource& model) {
  for (const std::string_view prefix : {"", "bert.", "roberta."})
    if (const auto table =
            model.find_weight(fmt::format("{}embeddings.word_embeddings.weight", prefix)))
      if (is_float(table->dtype))
        return table->dtype;
  return DType::f32;
}

void write_encoder_gguf(const EncoderSource& model, const std::filesystem::path& out,
                        const GgufRecipe& recipe,
                        const std::function<void(const WrittenTensor&)>& on_tensor) {
  if (model.quantization())
    throw InvalidArgument(kUnit, "{} is quantised already", model.name());
  gguf::Metadata metadata = metadata_of(model);
  metadata["general.file_type"] = recipe.file_type;
  add_gguf_tokenizer(model, metadata);
  // What recipes look at.
  ModelConfig config;
  config.decoder_type = "bert";
  config.layers.resize(static_cast<std::size_t>(model.config().layers));
  config.tied_embeddings = true;

  const gguf::Architecture& architecture = gguf::architecture_of(config.decoder_type);
  std::vector<gguf::TensorToWrite> tensors;
  for (const std::string& full : model.weight_names()) {
    const auto own = base_name(full, model.config());
    if (!own)
      continue;
    const auto stored = gguf::gguf_name(architecture, *own);
    if (!stored)
      throw Unsupported(kUnit, "tensor '{}' has no place in a GGUF file of bert", full);
    const WeightSpec weight = *model.find_weight(full);
    const std::int64_t first =
        *stored == "position_embd.weight" ? model.config().first_position : 0;
    std::vector<std::int64_t> dims = weight.shape.dims();
    if (!dims.empty())
      dims.front() -= first;
    const Shape shape(std::move(dims));
    const gguf::BlockType type = recipe.type_of(*stored, shape, config);
    tensors.push_back(
        {*stored, type, shape, [&, weight, first, type, shape, name = *stored] {
           WeightRows rows(model, weight);
           WrittenTensor written{name, type, shape, 0};
           auto bytes = encode_rows(
               config, [&](std::int64_t row, std::span<float> out) { rows.read(first + row, out); },
               written);
           if (on_tensor)
             on_tensor(written);
           return bytes;
         }});
  }
  gguf::write(out, metadata, std::move(tensors));
}

}  // namespace ashlar
