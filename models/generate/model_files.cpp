// SPDX-License-Identifier: Apache-2.0
#include "models/generate/model_files.h"

#include "models/formats/json_file.h"
#include "models/formats/template/chat_template.h"
#include "models/formats/tokenizer/tokenizer.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

namespace ashlar {
namespace {

LoadableTensors tensors_of(std::shared_ptr<const Checkpoint> checkpoint, const ModelConfig& config,
                           TensorForm form) {
  if (form == TensorForm::for_files)
    return LoadableTensors(std::move(checkpoint), config.quantization, {}, SmallFloats::unpacked);
  std::vector<ProjectionPart> parts;
  if (config.recurrence)
    parts = split_projections(*config.recurrence);
  return LoadableTensors(std::move(checkpoint), config.quantization, parts);
}

}  // namespace

ModelFiles::ModelFiles(std::filesystem::path folder, TensorForm form)
    : folder_(std::move(folder)), config_(read_model_config(folder_)),
      generation_(read_generation_config(folder_)),
      checkpoint_(std::make_shared<const Checkpoint>(Checkpoint::open(folder_))),
      tensors_(std::make_shared<const LoadableTensors>(tensors_of(checkpoint_, config_, form))) {
  config_.quantization = tensors_->quantization();
}

ModelFiles ModelFiles::open(const std::filesystem::path& folder, TensorForm form) {
  return ModelFiles(folder, form);
}

std::string ModelFiles::name() const {
  return in_quotes(folder_.native());
}

nlohmann::json ModelFiles::config_json() const {
  return read_json_file(folder_ / "config.json");
}

std::vector<std::string> ModelFiles::weight_names() const {
  return tensors_->names();
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
    if (const auto embedding = tensors_->find(name))
      return embedding->dtype;
  return DType::f32;
}

std::optional<WeightSpec> ModelFiles::find_weight(std::string_view name) const {
  const auto tensor = tensors_->find(name);
  if (!tensor)
    return std::nullopt;
  return WeightSpec{std::string(name), tensor->dtype, tensor->shape, 0};
}

void ModelFiles::read_weight(const WeightSpec& weight, std::uint64_t offset,
                             std::span<std::byte> chunk) const {
  tensors_->find(weight.name)->read(offset, chunk);
}

}  // namespace ashlar
