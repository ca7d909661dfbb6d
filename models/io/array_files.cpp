// SPDX-License-Identifier: Apache-2.0
#include "models/io/array_files.h"

#include "models/formats/safetensors.h"
#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "runtime/array/creation.h"
#include "runtime/array/eval.h"
#include "runtime/program/error.h"

namespace ashlar {
namespace {

Array array_of(const TensorInfo& info, std::span<const std::byte> data, const std::string& file) {
  if (info.type == StoredType::f64) {
    const std::vector<float> values = to_floats(info, data);
    return array(std::span<const float>(values), info.shape);
  }
  const std::optional<DType> dtype = dtype_of(info.type);
  if (!dtype || *dtype == DType::complex64)
    throw Unsupported("safetensors", "tensor '{}' of {} has an element type that arrays lack",
                      info.name, file);
  return array_from_bytes(data, *dtype, info.shape);
}

}  // namespace

ArrayMap load_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  ArrayMap arrays;
  for (const TensorInfo& info : file.tensors())
    arrays.emplace(info.name, array_of(info, file.data(info), file.name()));
  return arrays;
}

void save_safetensors(const std::filesystem::path& path, const ArrayMap& arrays,
                      const std::map<std::string, std::string>& metadata) {
  std::vector<Array> values;
  for (const auto& [name, value] : arrays)
    values.push_back(value);
  async_eval(values);
  std::vector<std::vector<std::byte>> contents;
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, value] : arrays) {
    contents.push_back(value.to_bytes());
    tensors.push_back({name, stored_type_of(value.dtype()), value.shape(), contents.back()});
  }
  write_safetensors(path, std::move(tensors), metadata);
}

}  // namespace ashlar
