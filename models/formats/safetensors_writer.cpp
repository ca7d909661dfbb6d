// SPDX-License-Identifier: Apache-2.0
#include "models/formats/safetensors_writer.h"

#include "models/formats/safetensors.h"
#include "runtime/program/atomic_file.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "safetensors";

std::string json_string(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw InvalidArgument(kUnit, "{} is not valid UTF-8", in_quotes(text));
  }
}

void check(const TensorToWrite& tensor) {
  const std::string where = fmt::format("tensor {}", in_quotes(tensor.name));
  if (tensor.name == "__metadata__" || tensor.name.size() > kMaxTensorName)
    throw InvalidArgument(kUnit, "{}: expected a name of at most {} bytes other than __metadata__",
                          where, kMaxTensorName);
  if (tensor.shape.rank() > kMaxTensorRank)
    throw InvalidArgument(kUnit, "{}: expected at most {} dimensions, got {}", where,
                          kMaxTensorRank, tensor.shape.rank());
  const std::string sort = fmt::format("{} {}", name_of(tensor.type), tensor.shape.to_string());
  const auto bytes = stored_bytes(tensor.type, tensor.shape);
  if (!bytes)
    throw InvalidArgument(kUnit, "{}: the size of {} is not a whole number of bytes below 2^60",
                          where, sort);
  if (tensor.data.size() != *bytes)
    throw InvalidArgument(kUnit, "{}: expected {} bytes for {}, got {}", where, *bytes, sort,
                          tensor.data.size());
}

void sort_for_file(std::vector<TensorToWrite>& tensors) {
  std::ranges::sort(tensors, [](const TensorToWrite& a, const TensorToWrite& b) {
    return std::tie(b.type, a.name) < std::tie(a.type, b.name);
  });
}

void check_unique(const std::vector<TensorToWrite>& tensors) {
  std::vector<std::string_view> names;
  for (const TensorToWrite& tensor : tensors)
    names.push_back(tensor.name);
  std::ranges::sort(names);
  const auto twin = std::ranges::adjacent_find(names);
  if (twin != names.end())
    throw InvalidArgument(kUnit, "two tensors are named {}", in_quotes(*twin));
}

std::string metadata_entry(const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : metadata)
    pairs.push_back(json_string(key) + ":" + json_string(value));
  return fmt::format("\"__metadata__\":{{{}}}", fmt::join(pairs, ","));
}

std::string header_text(const std::vector<TensorToWrite>& tensors,
                        const std::map<std::string, std::string>& metadata) {
  std::vector<std::string> entries;
  if (!metadata.empty())
    entries.push_back(metadata_entry(metadata));
  std::uint64_t offset = 0;
  for (const TensorToWrite& tensor : tensors) {
    const std::uint64_t end = offset + tensor.data.size();
    entries.push_back(fmt::format(R"({}:{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                                  json_string(tensor.name), name_of(tensor.type),
                                  fmt::join(tensor.shape.dims(), ","), offset, end));
    offset = end;
  }
  std::string text = fmt::format("{{{}}}", fmt::join(entries, ","));
  text.append((8 - text.size() % 8) % 8, ' ');
  return text;
}

std::array<std::byte, 8> little_endian(std::uint64_t value) {
  std::array<std::byte, 8> bytes;
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(value & 0xff);
    value >>= 8;
  }
  return bytes;
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::vector<TensorToWrite> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::ranges::for_each(tensors, check);
  check_unique(tensors);
  sort_for_file(tensors);
  const std::string header = header_text(tensors, metadata);
  if (header.size() > kMaxSafetensorsHeader)
    throw InvalidArgument(kUnit, "header too large: expected at most {} bytes, got {}",
                          kMaxSafetensorsHeader, header.size());
  AtomicFile file(path, kUnit);
  file.write(little_endian(header.size()));
  file.write(std::as_bytes(std::span(header)));
  for (const TensorToWrite& tensor : tensors)
    file.write(tensor.data);
  file.commit();
}

}  // namespace ashlar
