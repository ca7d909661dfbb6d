// SPDX-License-Identifier: Apache-2.0
#include "models/io/array_files.h"

#include "models/formats/npy.h"
#include "models/formats/safetensors.h"
#include "models/formats/safetensors_writer.h"
#include "models/formats/tensor_values.h"
#include "models/formats/zip.h"
#include "runtime/array/creation.h"
#include "runtime/array/eval.h"
#include "runtime/array/movement.h"
#include "runtime/program/atomic_file.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"
#include "runtime/program/input_file.h"

#include <algorithm>
#include <cstring>

namespace ashlar {
namespace {

void check_booleans(std::span<const std::byte> data, const std::string& what) {
  if (std::ranges::any_of(data, [](std::byte b) { return b > std::byte{1}; }))
    throw FormatError("array", "{}: a truth value is neither 0 nor 1", what);
}

Array array_of(const TensorInfo& info, std::span<const std::byte> data, const std::string& file) {
  if (info.type == StoredType::f64) {
    const std::vector<float> values = to_floats(info, data);
    return array(std::span<const float>(values), info.shape);
  }
  const std::optional<DType> dtype = dtype_of(info.type);
  if (!dtype || *dtype == DType::complex64)
    throw Unsupported("safetensors", "tensor '{}' of {} has an element type that arrays lack",
                      info.name, file);
  if (*dtype == DType::boolean)
    check_booleans(data, file);
  return array_from_bytes(data, *dtype, info.shape);
}

constexpr std::string_view kNpyEnding = ".npy";

Array array_of_npy(std::span<const std::byte> bytes, const std::string& file) {
  const NpyContents npy = parse_npy(bytes, file);
  std::vector<std::int64_t> dims = npy.shape.dims();
  if (npy.column_major)
    std::ranges::reverse(dims);
  const Shape shape(dims);
  std::vector<float> narrowed;
  for (std::size_t at = 0; npy.doubles && at < npy.data.size(); at += sizeof(double)) {
    double value;
    std::memcpy(&value, npy.data.data() + at, sizeof value);
    narrowed.push_back(static_cast<float>(value));
  }
  if (npy.dtype == DType::boolean)
    check_booleans(npy.data, file);
  const Array stored = npy.doubles ? array(std::span<const float>(narrowed), shape)
                                   : array_from_bytes(npy.data, npy.dtype, shape);
  return npy.column_major ? transpose(stored) : stored;
}

std::vector<std::byte> npy_bytes(const Array& array) {
  const std::string header = npy_header(array.dtype(), array.shape());
  const std::vector<std::byte> data = array.to_bytes();
  const auto text = std::as_bytes(std::span(header));
  std::vector<std::byte> bytes(text.begin(), text.end());
  bytes.insert(bytes.end(), data.begin(), data.end());
  return bytes;
}

void evaluate_together(const ArrayMap& arrays) {
  std::vector<Array> values;
  for (const auto& [name, value] : arrays)
    values.push_back(value);
  async_eval(values);
}

}  // namespace

Array load_npy(const std::filesystem::path& path) {
  const InputFile file(path, "npy");
  const MappedFile mapped(file, "npy");
  return array_of_npy(mapped.bytes(), file.name());
}

void save_npy(const std::filesystem::path& path, const Array& array) {
  const std::vector<std::byte> bytes = npy_bytes(array);
  AtomicFile file(path, "npy");
  file.write(bytes);
  file.commit();
}

ArrayMap load_npz(const std::filesystem::path& path) {
  ArrayMap arrays;
  for (const auto& [name, bytes] : read_zip(path)) {
    if (!name.ends_with(kNpyEnding))
      throw FormatError("npz", "{}: {} is not an array", in_quotes(path.string()), in_quotes(name));
    arrays.emplace(name.substr(0, name.size() - kNpyEnding.size()),
                   array_of_npy(bytes, in_quotes(name)));
  }
  return arrays;
}

void save_npz(const std::filesystem::path& path, const ArrayMap& arrays, bool compress) {
  evaluate_together(arrays);
  std::vector<std::vector<std::byte>> contents;
  std::vector<ZipEntry> entries;
  for (const auto& [name, array] : arrays) {
    contents.push_back(npy_bytes(array));
    entries.push_back({name + std::string(kNpyEnding), contents.back()});
  }
  write_zip(path, entries, compress);
}

ArrayMap load_safetensors(const std::filesystem::path& path) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  ArrayMap arrays;
  for (const TensorInfo& info : file.tensors())
    arrays.emplace(info.name, array_of(info, file.data(info), file.name()));
  return arrays;
}

void save_safetensors(const std::filesystem::path& path, const ArrayMap& arrays,
                      const std::map<std::string, std::string>& metadata) {
  evaluate_together(arrays);
  std::vector<std::vector<std::byte>> contents;
  std::vector<TensorToWrite> tensors;
  for (const auto& [name, value] : arrays) {
    contents.push_back(value.to_bytes());
    tensors.push_back({name, stored_type_of(value.dtype()), value.shape(), contents.back()});
  }
  write_safetensors(path, std::move(tensors), metadata);
}

}  // namespace ashlar
