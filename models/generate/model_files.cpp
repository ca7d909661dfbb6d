// SPDX-License-Identifier: Apache-2.0
#include "models/generate/model_files.h"

#include "models/formats/json_file.h"
#include "models/formats/template/chat_template.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

#include <cstring>

namespace ashlar {
namespace {

// The runtime type of a stored tensor.
DType loaded_dtype(const TensorInfo& info) {
  if (info.type == StoredType::f64)
    return DType::f32;
  if (auto dtype = dtype_of(info.type))
    return *dtype;
  throw Unsupported("model", "tensor '{}' is stored as {}, which cannot be loaded", info.name,
                    name_of(info.type));
}

// Elements [offset / 4, ...) of doubles as floats.
void narrow_doubles(std::span<const std::byte> source, std::uint64_t offset,
                    std::span<std::byte> chunk) {
  for (std::size_t i = 0; i < chunk.size() / sizeof(float); ++i) {
    double wide;
    std::memcpy(&wide, source.data() + (offset / sizeof(float) + i) * sizeof wide, sizeof wide);
    const auto narrow = static_cast<float>(wide);
    std::memcpy(chunk.data() + i * sizeof narrow, &narrow, sizeof narrow);
  }
}

}  // namespace

ModelFiles::ModelFiles(std::filesystem::path folder)
    : folder_(std::move(folder)), config_(read_model_config(folder_)),
      generation_(read_generation_config(folder_)),
      checkpoint_(std::make_shared<const Checkpoint>(Checkpoint::open(folder_))) {}

ModelFiles ModelFiles::open(const std::filesystem::path& folder) {
  return ModelFiles(folder);
}

std::string ModelFiles::name() const {
  return in_quotes(folder_.native());
}

nlohmann::json ModelFiles::config_json() const {
  return read_json_file(folder_ / "config.json");
}

std::vector<std::string> ModelFiles::weight_names() const {
  std::vector<std::string> names;
  for (const CheckpointTensor& tensor : checkpoint_->tensors())
    names.push_back(tensor.info->name);
  return names;
}

std::optional<std::string> ModelFiles::tokenizer_json() const {
  const std::filesystem::path path = folder_ / "tokenizer.json";
  if (!is_present(path))
    return std::nullopt;
  return read_file(path, kMaxTokenizerBytes, "tokenizer");
}

std::optional<std::string> ModelFiles::chat_template(bool has_tools) const {
  return chat_template_source(folder_, has_tools);
}

std::map<std::string, std::string> ModelFiles::special_tokens() const {
  return special_tokens_of(folder_);
}

std::vector<std::int32_t> ModelFiles::stop_tokens() const {
  std::vector<std::int32_t> tokens;
  for (std::int64_t token : ashlar::stop_tokens(config_, generation_, std::nullopt))
    tokens.push_back(static_cast<std::int32_t>(token));
  return tokens;
}

DType ModelFiles::default_dtype() const {
  if (config_.dtype)
    return *config_.dtype;
  for (std::string_view name : {"model.embed_tokens.scales", "model.embed_tokens.weight"})
    if (const CheckpointTensor* embedding = checkpoint_->find(name))
      return loaded_dtype(*embedding->info);
  return DType::f32;
}

std::optional<WeightSpec> ModelFiles::find_weight(std::string_view name) const {
  const CheckpointTensor* tensor = checkpoint_->find(name);
  if (!tensor)
    return std::nullopt;
  return WeightSpec{std::string(name), loaded_dtype(*tensor->info), tensor->info->shape, 0};
}

void ModelFiles::read_weight(const WeightSpec& weight, std::uint64_t offset,
                             std::span<std::byte> chunk) const {
  const CheckpointTensor& tensor = checkpoint_->at(weight.name);
  if (tensor.info->type == StoredType::f64)
    return narrow_doubles(tensor.data(), offset, chunk);
  std::ranges::copy(tensor.data().subspan(offset, chunk.size()), chunk.begin());
}

}  // namespace ashlar
