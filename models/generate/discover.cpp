// SPDX-License-Identifier: Apache-2.0
#include "models/generate/discover.h"

#include "models/formats/json_file.h"
#include "models/generate/encoder_source.h"
#include "models/generate/gguf_model.h"
#include "models/generate/model_files.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

// "-00002-of-00003.gguf" is a part that the first one names.
bool is_later_part(const std::string& name) {
  const std::size_t of = name.rfind("-of-");
  return of != name.npos && of >= 6 && name.substr(of - 6, 6) != "-00001" &&
         name.find_first_not_of("0123456789", of - 5) == of;
}

bool is_model(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename();
  std::error_code ignored;
  return (name == "config.json" || (name.ends_with(".gguf") && !is_later_part(name))) &&
         entry.is_regular_file(ignored);
}

void describe_folder(const fs::path& folder, FoundModel& found) {
  const ModelFiles model = ModelFiles::open(folder);
  found.family = model.config().decoder_type;
  found.bytes = model.checkpoint().total_bytes();
  const auto& quantization = model.config().quantization;
  found.quantization =
      quantization ? ashlar::describe(*quantization) : std::string(name_of(model.default_dtype()));
}

void describe_encoder_folder(const fs::path& folder, FoundModel& found) {
  const auto model = open_encoder(folder);
  found.family = model->config_json().at("model_type");
  std::set<std::string_view> types;
  for (const std::string& name : model->weight_names()) {
    const WeightSpec weight = *model->find_weight(name);
    found.bytes += byte_count(weight.dtype, weight.shape);
    if (is_float(weight.dtype))
      types.insert(name_of(weight.dtype));
  }
  found.quantization = fmt::format("{}", fmt::join(types, ", "));
}

std::string family_of_file(const fs::path& path) {
  if (!is_encoder(path))
    return GgufModel::open(path).config().decoder_type;
  return open_encoder(path)->config_json().at("model_type");
}

void describe_file(const fs::path& path, FoundModel& found) {
  found.family = family_of_file(path);
  std::set<std::string_view> floats, quantized;
  const gguf::FileSet files = gguf::FileSet::open(path);
  for (const auto& [name, stored] : files.tensors()) {
    found.bytes += stored.data().size();
    const bool is_quantized = gguf::block_elements(stored.info->type) > 1;
    if (is_quantized || stored.info->shape.rank() > 1)
      (is_quantized ? quantized : floats).insert(name_of(stored.info->type));
  }
  found.quantization = fmt::format("{}", fmt::join(quantized.empty() ? floats : quantized, ", "));
}

// Folders within a model's have configs of their own, as sentence-transformers' pooling does.
bool is_part_of_model(const fs::path& config) {
  std::error_code ignored;
  if (!fs::exists(config.parent_path().parent_path() / "config.json", ignored))
    return false;
  try {
    const nlohmann::json json = read_json_file(config);
    return json.is_object() && !json.contains("model_type");
  } catch (const Error&) {
    return false;
  }
}

FoundModel describe(const fs::path& file) {
  const bool is_folder = file.filename() == "config.json";
  FoundModel found{.path = is_folder ? file.parent_path() : file};
  try {
    if (is_folder && is_encoder(found.path))
      describe_encoder_folder(found.path, found);
    else if (is_folder)
      describe_folder(found.path, found);
    else
      describe_file(found.path, found);
  } catch (const Error& error) {
    found.problem = error.message();
  }
  return found;
}

}  // namespace

std::vector<FoundModel> discover_models(const fs::path& folder) {
  std::vector<FoundModel> models;
  std::error_code failure;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied,
                                      failure);
  if (failure)
    throw IoError("discover", "{}: {}", in_quotes(folder.native()), failure.message());
  for (const fs::recursive_directory_iterator end; !failure && it != end; it.increment(failure))
    if (is_model(*it) && (it->path().filename() != "config.json" || !is_part_of_model(it->path())))
      models.push_back(describe(it->path()));
  std::ranges::sort(models, {}, &FoundModel::path);
  return models;
}

}  // namespace ashlar
