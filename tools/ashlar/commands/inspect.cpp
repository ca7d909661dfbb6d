// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/formats/checkpoint.h"
#include "models/formats/gguf/file_set.h"
#include "models/formats/loadable_tensors.h"
#include "models/formats/model_config.h"
#include "models/generate/encoder_source.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace ashlar::cli {
namespace {

// Texts of files need not be UTF-8.
std::string replacing_dump(const nlohmann::json& json, int indent = -1) {
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

struct Model {
  explicit Model(const std::string& folder)
      : checkpoint(std::make_shared<const Checkpoint>(Checkpoint::open(folder))),
        config(read_model_config(folder)), tensors(checkpoint, config.quantization) {}

  std::shared_ptr<const Checkpoint> checkpoint;
  ModelConfig config;
  LoadableTensors tensors;
};

// The module that a stored tensor belongs to, and what it is of it.
struct Part {
  std::string_view module;
  std::string_view suffix;
};
Part part_of(std::string_view tensor) {
  for (const std::string_view suffix : {"_blocks", "_scales"})
    if (tensor.ends_with(suffix))
      return {tensor.substr(0, tensor.size() - suffix.size()), suffix};
  const std::size_t dot = std::min(tensor.rfind('.'), tensor.size());
  return {tensor.substr(0, dot), tensor.substr(dot)};
}

// How the module of a stored tensor is encoded, if it is quantised and the tensor is a part of the
// matrix.
std::optional<MatrixEncoding> encoding_of(const Model& model, std::string_view tensor) {
  const auto [module, suffix] = part_of(tensor);
  if (suffix == ".bias" || !model.config.quantization)
    return std::nullopt;
  const auto& converted = model.tensors.converted();
  if (const auto matrix = converted.find(module); matrix != converted.end())
    return matrix->second.encoding;
  if (!model.checkpoint->find(fmt::format("{}.scales", module)))
    return std::nullopt;
  return model.config.quantization->encoding_of(module);
}

bool holds_numbers(std::string_view tensor) {
  const std::string_view suffix = part_of(tensor).suffix;
  return suffix == ".weight" || suffix == ".qweight" || suffix == ".weight_packed" ||
         suffix == "_blocks";
}

// The numbers that are packed, instead of the words they are packed into.
std::int64_t parameter_count(const Model& model) {
  std::int64_t count = 0;
  for (const CheckpointTensor& tensor : model.checkpoint->tensors()) {
    const auto encoding = encoding_of(model, tensor.info->name);
    const std::uint64_t bytes = tensor.info->end - tensor.info->begin;
    if (!encoding)
      count += tensor.info->shape.element_count();
    else if (holds_numbers(tensor.info->name))
      count += static_cast<std::int64_t>(bytes) * 8 / bits_of(*encoding);
  }
  return count;
}

// One number if all layers agree, else a number per layer.
nlohmann::json describe_layers(const ModelConfig& config, std::int64_t LayerConfig::* size) {
  std::vector<std::int64_t> sizes;
  for (const LayerConfig& layer : config.layers)
    sizes.push_back(layer.*size);
  const bool equal = std::ranges::adjacent_find(sizes, std::not_equal_to()) == sizes.end();
  return equal ? nlohmann::json(sizes.front()) : nlohmann::json(sizes);
}

nlohmann::json describe_config(const ModelConfig& config) {
  const auto sliding =
      std::ranges::count(config.layers, AttentionKind::sliding, &LayerConfig::attention);
  const auto recurrent = std::ranges::count_if(
      config.layers, [](const LayerConfig& layer) { return layer.mixer != TokenMixer::attention; });
  return {{"model_type", config.model_type},
          {"layers", config.layers.size()},
          {"sliding_layers", sliding},
          {"recurrent_layers", recurrent},
          {"sliding_window", config.sliding_window},
          {"hidden_size", config.hidden_size},
          {"intermediate_size", describe_layers(config, &LayerConfig::intermediate_size)},
          {"attention_heads", config.attention_heads},
          {"kv_heads", describe_layers(config, &LayerConfig::kv_heads)},
          {"head_dim", describe_layers(config, &LayerConfig::head_dim)},
          {"vocab_size", config.vocab_size},
          {"max_positions", config.max_positions},
          {"rope_theta", config.full_rope.theta},
          {"tied_embeddings", config.tied_embeddings},
          {"quantization", config.quantization ? describe(*config.quantization) : "none"},
          {"dtype", config.dtype ? std::string(name_of(*config.dtype)) : "unstated"}};
}

nlohmann::json describe_tensor(const CheckpointTensor& tensor) {
  return {{"name", tensor.info->name},
          {"type", name_of(tensor.info->type)},
          {"shape", tensor.info->shape.dims()},
          {"bytes", tensor.info->end - tensor.info->begin}};
}

nlohmann::json describe_tensors(const Model& model) {
  nlohmann::json tensors = nlohmann::json::array();
  for (const CheckpointTensor& tensor : model.checkpoint->tensors()) {
    tensors.push_back(describe_tensor(tensor));
    const auto encoding = encoding_of(model, tensor.info->name);
    if (encoding && holds_numbers(tensor.info->name))
      tensors.back()["encoding"] = describe(*encoding);
  }
  return tensors;
}

nlohmann::json summary_of_encoder(const std::string& folder) {
  const Checkpoint checkpoint = Checkpoint::open(folder);
  const EncoderConfig config = read_encoder_config(folder);
  const PoolingConfig pooling = read_pooling_config(folder);
  nlohmann::json tensors = nlohmann::json::array();
  std::int64_t parameters = 0;
  for (const CheckpointTensor& tensor : checkpoint.tensors()) {
    tensors.push_back(describe_tensor(tensor));
    parameters += tensor.info->shape.element_count();
  }
  return {{"config",
           {{"model_type", config.kind == EncoderKind::bert ? "bert" : "roberta"},
            {"layers", config.layers},
            {"hidden_size", config.hidden_size},
            {"intermediate_size", config.intermediate_size},
            {"attention_heads", config.attention_heads},
            {"vocab_size", config.vocab_size},
            {"max_positions", config.max_positions},
            {"token_types", config.token_types},
            {"labels", config.labels},
            {"pooling", pooling.pooling == Pooling::mean ? "mean" : "cls"},
            {"normalized", pooling.normalize},
            {"dtype", config.dtype ? std::string(name_of(*config.dtype)) : "unstated"}}},
          {"parameters", parameters},
          {"bytes", checkpoint.total_bytes()},
          {"tensors", tensors}};
}

nlohmann::json summary_of_folder(const std::string& folder) {
  if (is_encoder(folder))
    return summary_of_encoder(folder);
  const Model model(folder);
  return {{"config", describe_config(model.config)},
          {"parameters", parameter_count(model)},
          {"bytes", model.checkpoint->total_bytes()},
          {"tensors", describe_tensors(model)}};
}

// Numbers and texts as they are, long ones and lists in a few words.
nlohmann::json describe_value(const gguf::Value& value) {
  constexpr std::size_t kLongest = 80;
  return std::visit(
      []<typename T>(const T& v) -> nlohmann::json {
        if constexpr (std::is_same_v<T, std::string>)
          return v.size() <= kLongest ? v : fmt::format("{} bytes of text", v.size());
        else if constexpr (!std::is_same_v<T, gguf::Array>)
          return v;
        else
          return std::visit(
              []<typename List>(const List& list) {
                if constexpr (std::is_same_v<List, std::monostate>)
                  return std::string();
                else
                  return fmt::format("list of {}", list.size());
              },
              v);
      },
      value);
}

// What the file says, whether or not the model is one that we know.
nlohmann::json summary_of_file(const std::string& path) {
  const gguf::FileSet files = gguf::FileSet::open(path);
  nlohmann::json metadata, tensors = nlohmann::json::array();
  for (const auto& [key, value] : files.metadata())
    metadata[key] = describe_value(value);
  std::int64_t parameters = 0;
  std::uint64_t bytes = 0;
  for (const auto& [name, stored] : files.tensors()) {
    parameters += stored.info->shape.element_count();
    bytes += stored.data().size();
    tensors.push_back({{"name", name},
                       {"type", name_of(stored.info->type)},
                       {"shape", stored.info->shape.dims()},
                       {"bytes", stored.data().size()}});
  }
  return {{"config", metadata}, {"parameters", parameters}, {"bytes", bytes}, {"tensors", tensors}};
}

void print_text(const nlohmann::json& summary) {
  for (const auto& [key, value] : summary["config"].items())
    fmt::print("{:<18} {}\n", key,
               value.is_string() ? value.get<std::string>() : replacing_dump(value));
  fmt::print("{:<18} {}\n{:<18} {}\n\n", "parameters", summary["parameters"].dump(), "bytes",
             summary["bytes"].dump());
  for (const auto& tensor : summary["tensors"])
    fmt::print("{:<5} {:<18} {}{}\n", tensor["type"].get<std::string>(), tensor["shape"].dump(),
               tensor["name"].get<std::string>(),
               tensor.contains("encoding") ? ": " + tensor["encoding"].get<std::string>() : "");
}

}  // namespace

void add_inspect(CLI::App& app) {
  CLI::App* command = app.add_subcommand(
      "inspect", "Show a model's config or metadata, its tensors and their sizes");
  auto model = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("--model", *model, "Model folder or GGUF file")->required();
  command->add_flag("--json", *json, "Print JSON");
  add_examples(*command, {"inspect --model models/checkpoints/pebble-4m",
                          "inspect --model FILE.gguf --json"});
  command->callback([model, json] {
    const nlohmann::json summary = std::filesystem::is_regular_file(*model)
                                       ? summary_of_file(*model)
                                       : summary_of_folder(*model);
    if (*json)
      fmt::print("{}\n", replacing_dump(summary, 2));
    else
      print_text(summary);
  });
}

}  // namespace ashlar::cli
