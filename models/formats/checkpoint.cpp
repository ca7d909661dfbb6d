// SPDX-License-Identifier: Apache-2.0
#include "models/formats/checkpoint.h"

#include "models/formats/json_file.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace ashlar {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnit = "checkpoint";
constexpr std::string_view kSingleFile = "model.safetensors";
constexpr std::string_view kIndexFile = "model.safetensors.index.json";
constexpr std::uint64_t kMaxIndexBytes = kMaxSafetensorsHeader;

using WeightMap = std::map<std::string, std::string>;  // tensor -> file

// Untrusted names must not lead out of the folder.
bool is_plain_name(std::string_view name) {
  return name.ends_with(".safetensors") && name.find_first_of("/\\") == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

WeightMap read_weight_map(const fs::path& path) {
  const nlohmann::json index = read_json_file(path, {.max_bytes = kMaxIndexBytes});
  const std::string where = in_quotes(path.native());
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (map == index.end() || !map->is_object())
    throw FormatError(kUnit, "{}: expected an object weight_map", where);
  WeightMap files;
  for (const auto& [tensor, file] : map->items()) {
    if (!file.is_string() || !is_plain_name(file.get_ref<const std::string&>()))
      throw FormatError(kUnit,
                        "{}: tensor {}: expected the plain name of a .safetensors file, got {}",
                        where, in_quotes(tensor),
                        in_quotes(file.is_string() ? file.get<std::string>() : file.type_name()));
    files.emplace(tensor, file.get<std::string>());
  }
  if (files.empty())
    throw FormatError(kUnit, "{}: weight_map is empty", where);
  return files;
}

void check_shard(const SafetensorsFile& shard, const std::string& file, const WeightMap& map) {
  for (const TensorInfo& info : shard.tensors()) {
    const auto listed = map.find(info.name);
    if (listed == map.end())
      throw FormatError(kUnit, "{} holds tensor {}, which the index does not list", shard.name(),
                        in_quotes(info.name));
    if (listed->second != file)
      throw FormatError(kUnit, "{} holds tensor {}, which the index places in {}", shard.name(),
                        in_quotes(info.name), in_quotes(listed->second));
  }
}

void check_listed(const std::map<std::string, const SafetensorsFile*>& shards,
                  const WeightMap& map) {
  for (const auto& [tensor, file] : map)
    if (!shards.at(file)->find(tensor))
      throw FormatError(kUnit, "{} lacks tensor {}, which the index places there",
                        shards.at(file)->name(), in_quotes(tensor));
}

std::unique_ptr<SafetensorsFile> open_file(const fs::path& path) {
  return std::make_unique<SafetensorsFile>(SafetensorsFile::open(path));
}

std::vector<std::unique_ptr<SafetensorsFile>> open_shards(const fs::path& folder,
                                                          const WeightMap& map) {
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  std::map<std::string, const SafetensorsFile*> shards;
  for (const auto& [tensor, file] : map) {
    if (shards.contains(file))
      continue;
    files.push_back(open_file(folder / file));
    shards.emplace(file, files.back().get());
    check_shard(*files.back(), file, map);
  }
  check_listed(shards, map);
  return files;
}

}  // namespace

Checkpoint Checkpoint::open(const fs::path& folder) {
  std::vector<std::unique_ptr<SafetensorsFile>> files;
  if (is_present(folder / kSingleFile))
    files.push_back(open_file(folder / kSingleFile));
  else if (is_present(folder / kIndexFile))
    files = open_shards(folder, read_weight_map(folder / kIndexFile));
  else
    throw IoError(kUnit, "{}: expected {} or {}, found neither", in_quotes(folder.native()),
                  kSingleFile, kIndexFile);
  return Checkpoint(folder, std::move(files));
}

Checkpoint::Checkpoint(fs::path folder, std::vector<std::unique_ptr<SafetensorsFile>> files)
    : folder_(std::move(folder)), files_(std::move(files)) {
  for (const auto& file : files_)
    for (const TensorInfo& info : file->tensors()) {
      tensors_.push_back({file.get(), &info});
      total_bytes_ += info.end - info.begin;
    }
  std::ranges::sort(tensors_, {},
                    [](const CheckpointTensor& t) -> std::string_view { return t.info->name; });
}

const CheckpointTensor* Checkpoint::find(std::string_view name) const {
  const auto name_of = [](const CheckpointTensor& t) -> std::string_view { return t.info->name; };
  const auto it = std::ranges::lower_bound(tensors_, name, {}, name_of);
  return it != tensors_.end() && name_of(*it) == name ? &*it : nullptr;
}

const CheckpointTensor& Checkpoint::at(std::string_view name) const {
  if (const CheckpointTensor* tensor = find(name))
    return *tensor;
  throw FormatError(kUnit, "{}: tensor {} is missing", in_quotes(folder_.native()),
                    in_quotes(name));
}

}  // namespace ashlar
