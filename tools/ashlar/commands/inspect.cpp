// SPDX-License-Identifier: Apache-2.0
#include "tools/ashlar/command.h"

#include "models/formats/checkpoint.h"
#include "models/formats/model_config.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace ashlar::cli {
namespace {

struct Model {
  Checkpoint checkpoint;
  ModelConfig config;
};

// Whether the tensor is part `part` of a quantised module, and how that is encoded.
std::optional<AffineEncoding> encoding_of(const Model& model, std::string_view tensor,
                                          std::string_view part) {
  if (!model.config.quantization || !tensor.ends_with(part))
    return std::nullopt;
  tensor.remove_suffix(part.size());
  if (!model.checkpoint.find(fmt::format("{}.scales", tensor)))
    return std::nullopt;
  return model.config.quantization->encoding_of(tensor);
}

// The numbers that are packed, instead of the words they are packed into.
std::int64_t parameter_count(const Model& model) {
  std::int64_t count = 0;
  for (const CheckpointTensor& tensor : model.checkpoint.tensors()) {
    const std::string& name = tensor.info->name;
    const std::int64_t elements = tensor.info->shape.element_count();
    if (const auto encoding = encoding_of(model, name, ".weight"))
      count += elements * 32 / encoding->bits;
    else if (!encoding_of(model, name, ".scales") && !encoding_of(model, name, ".biases"))
      count += elements;
  }
  return count;
}

std::string describe(const AffineEncoding& encoding) {
  return fmt::format("{} bits, groups of {}", encoding.bits, encoding.group_size);
}

std::string describe(const std::optional<QuantizationConfig>& quantization) {
  if (!quantization)
    return "none";
  const std::string encoding = describe(quantization->encoding);
  const std::size_t others = quantization->modules.size();
  return others == 0 ? encoding : fmt::format("{}; {} modules differ", encoding, others);
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
  return {{"model_type", config.model_type},
          {"layers", config.layers.size()},
          {"sliding_layers", sliding},
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
          {"quantization", describe(config.quantization)},
          {"dtype", config.dtype ? std::string(name_of(*config.dtype)) : "unstated"}};
}

nlohmann::json describe_tensors(const Model& model) {
  nlohmann::json tensors = nlohmann::json::array();
  for (const CheckpointTensor& tensor : model.checkpoint.tensors()) {
    tensors.push_back({{"name", tensor.info->name},
                       {"type", name_of(tensor.info->type)},
                       {"shape", tensor.info->shape.dims()},
                       {"bytes", tensor.info->end - tensor.info->begin}});
    if (const auto encoding = encoding_of(model, tensor.info->name, ".weight"))
      tensors.back()["encoding"] = describe(*encoding);
  }
  return tensors;
}

void print_text(const nlohmann::json& summary) {
  for (const auto& [key, value] : summary["config"].items())
    fmt::print("{:<18} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
  fmt::print("{:<18} {}\n{:<18} {}\n\n", "parameters", summary["parameters"].dump(), "bytes",
             summary["bytes"].dump());
  for (const auto& tensor : summary["tensors"])
    fmt::print("{:<5} {:<18} {}{}\n", tensor["type"].get<std::string>(), tensor["shape"].dump(),
               tensor["name"].get<std::string>(),
               tensor.contains("encoding") ? ": " + tensor["encoding"].get<std::string>() : "");
}

}  // namespace

void add_inspect(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("inspect", "Show a model folder's config, tensors and sizes");
  auto model = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command->add_option("--model", *model, "Model folder")->required();
  command->add_flag("--json", *json, "Print JSON");
  add_examples(*command,
               {"inspect --model models/checkpoints/pebble-4m", "inspect --model DIR --json"});
  command->callback([model, json] {
    const Model files{Checkpoint::open(*model), read_model_config(*model)};
    const nlohmann::json summary{{"config", describe_config(files.config)},
                                 {"parameters", parameter_count(files)},
                                 {"bytes", files.checkpoint.total_bytes()},
                                 {"tensors", describe_tensors(files)}};
    if (*json)
      fmt::print("{}\n", summary.dump(2));
    else
      print_text(summary);
  });
}

}  // namespace ashlar::cli
