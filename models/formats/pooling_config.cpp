// SPDX-License-Identifier: Apache-2.0
#include "models/formats/pooling_config.h"

#include "models/formats/json_fields.h"
#include "models/formats/json_file.h"
#include "models/formats/model_config.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <nlohmann/json.hpp>

#include <string>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnit = "config";

// Modes that are off say nothing; of the others, only these are known.
Pooling read_pooling(const fs::path& path) {
  const nlohmann::json json = read_json_file(path);
  const JsonFields fields(json, in_quotes(path.native()));
  std::optional<Pooling> pooling;
  for (const std::string& key : fields.keys()) {
    if (!key.starts_with("pooling_mode_") || !fields.is_set(key))
      continue;
    if (pooling || (key != "pooling_mode_cls_token" && key != "pooling_mode_mean_tokens"))
      throw Unsupported(kUnit, "{}: {} is not supported{}", fields.where(), key,
                        pooling ? " beside another mode" : "");
    pooling = key == "pooling_mode_cls_token" ? Pooling::cls : Pooling::mean;
  }
  if (!pooling)
    fields.fail("pooling_mode_mean_tokens", "a pooling mode that is on");
  return *pooling;
}

// The folder that a module names, which lies within the model's.
fs::path module_folder(const JsonFields& module, const fs::path& folder) {
  const auto name = module.text("path");
  if (!name || fs::path(*name).filename() != fs::path(*name) || *name == "..")
    module.fail("path", "the plain name of a folder");
  return folder / *name;
}

void read_module(const JsonFields& module, const fs::path& folder, PoolingConfig& config) {
  const auto type = module.text("type");
  if (!type)
    module.fail("type", "a string");
  const std::string kind = type->substr(type->rfind('.') + 1);
  if (kind == "Pooling")
    config.pooling = read_pooling(module_folder(module, folder) / "config.json");
  else if (kind == "Normalize")
    config.normalize = true;
  else if (kind != "Transformer")
    throw Unsupported(kUnit, "{}: module {} is not supported", module.where(),
                      in_quotes(*type, 80));
}

std::optional<std::int64_t> read_max_tokens(const fs::path& path) {
  if (!fs::exists(path))
    return std::nullopt;
  const nlohmann::json json = read_json_file(path);
  return JsonFields(json, in_quotes(path.native())).integer("max_seq_length", {3, kMaxPositions});
}

}  // namespace

PoolingConfig read_pooling_config(const fs::path& folder) {
  PoolingConfig config;
  config.max_tokens = read_max_tokens(folder / "sentence_bert_config.json");
  const fs::path path = folder / "modules.json";
  if (!fs::exists(path))
    return config;
  const nlohmann::json modules = read_json_file(path);
  if (!modules.is_array())
    throw FormatError(kUnit, "{}: expected a list of modules", in_quotes(path.native()));
  for (const nlohmann::json& module : modules)
    read_module(JsonFields(module, in_quotes(path.native())), folder, config);
  return config;
}

}  // namespace ashlar
