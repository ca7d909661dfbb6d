// SPDX-License-Identifier: Apache-2.0
#include "models/generate/gguf_model.h"

#include "models/formats/generation_config.h"
#include "models/formats/gguf/tokenizer.h"
#include "runtime/program/error.h"

namespace ashlar {

GgufModel GgufModel::open(const std::filesystem::path& path, gguf::KScales scales) {
  return GgufModel(gguf::Checkpoint::open(path, scales));
}

GgufModel::GgufModel(gguf::Checkpoint checkpoint)
    : checkpoint_(std::move(checkpoint)),
      config_(parse_model_config(checkpoint_.config(), checkpoint_.name())) {}

std::vector<std::string> GgufModel::weight_names() const {
  std::vector<std::string> names;
  for (const gguf::Tensor& tensor : checkpoint_.tensors())
    names.push_back(tensor.name);
  return names;
}

std::optional<WeightSpec> GgufModel::find_weight(std::string_view name) const {
  const gguf::Tensor* tensor = checkpoint_.find(name);
  if (!tensor)
    return std::nullopt;
  return WeightSpec{tensor->name, tensor->dtype, tensor->shape, 0};
}

void GgufModel::read_weight(const WeightSpec& weight, std::uint64_t offset,
                            std::span<std::byte> chunk) const {
  const gguf::Tensor* tensor = checkpoint_.find(weight.name);
  if (!tensor)
    throw InvalidArgument("model", "{}: no tensor '{}'", name(), weight.name);
  gguf::read(*tensor, offset, chunk);
}

DType GgufModel::default_dtype() const {
  return config_.dtype.value_or(DType::f32);
}

std::vector<std::int32_t> GgufModel::stop_tokens() const {
  std::vector<std::int32_t> tokens;
  for (const std::int64_t id : ashlar::stop_tokens(config_, {}, std::nullopt))
    tokens.push_back(static_cast<std::int32_t>(id));
  return tokens;
}

std::optional<std::string> GgufModel::tokenizer_json() const {
  return gguf::tokenizer_json(checkpoint_.files().fields());
}

std::optional<std::string> GgufModel::chat_template(bool has_tools) const {
  return gguf::chat_template(checkpoint_.files().fields(), has_tools);
}

std::map<std::string, std::string> GgufModel::special_tokens() const {
  return gguf::special_tokens(checkpoint_.files().fields());
}

}  // namespace ashlar
