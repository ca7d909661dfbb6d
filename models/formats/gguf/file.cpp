// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/file.h"

#include <algorithm>
#include <utility>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";

}  // namespace

File File::open(const std::filesystem::path& path) {
  const InputFile file(path, kUnit);
  Header header = read_header(file);
  return File(file.name(), std::move(header), MappedFile(file, kUnit));
}

File::File(std::string name, Header header, MappedFile file)
    : name_(std::move(name)), header_(std::move(header)), by_name_(header_.tensors, kUnit, name_),
      file_(std::move(file)),
      data_(
          file_.bytes().subspan(std::min<std::size_t>(file_.bytes().size(), header_.data_offset))) {
}

const TensorInfo* File::find(std::string_view name) const {
  return by_name_.find(tensors(), name);
}

std::span<const std::byte> File::data(const TensorInfo& info) const {
  return data_of(info, data_, kUnit, name_);
}

}  // namespace ashlar::gguf
