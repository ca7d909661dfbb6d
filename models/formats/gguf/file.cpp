// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/file.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace ashlar::gguf {
namespace {

constexpr std::string_view kUnit = "gguf";

std::vector<std::size_t> sorted_by_name(const std::vector<TensorInfo>& tensors,
                                        std::string_view file) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto name = [&](std::size_t i) -> std::string_view { return tensors[i].name; };
  std::ranges::sort(order, {}, name);
  const auto twin = std::ranges::adjacent_find(order, {}, name);
  if (twin != order.end())
    throw FormatError(kUnit, "{}: tensor {} appears twice", file, in_quotes(tensors[*twin].name));
  return order;
}

}  // namespace

File File::open(const std::filesystem::path& path) {
  const InputFile file(path, kUnit);
  Header header = read_header(file);
  return File(file.name(), std::move(header), MappedFile(file, kUnit));
}

File::File(std::string name, Header header, MappedFile file)
    : name_(std::move(name)), header_(std::move(header)),
      by_name_(sorted_by_name(header_.tensors, name_)), file_(std::move(file)),
      data_(
          file_.bytes().subspan(std::min<std::size_t>(file_.bytes().size(), header_.data_offset))) {
}

const TensorInfo* File::find(std::string_view name) const {
  const auto name_at = [&](std::size_t i) -> std::string_view { return tensors()[i].name; };
  const auto it = std::ranges::lower_bound(by_name_, name, {}, name_at);
  return it != by_name_.end() && name_at(*it) == name ? &tensors()[*it] : nullptr;
}

std::span<const std::byte> File::data(const TensorInfo& info) const {
  if (info.begin > info.end || info.end > data_.size())
    throw InvalidArgument(kUnit, "tensor {} does not lie in {}", in_quotes(info.name), name_);
  return data_.subspan(info.begin, info.end - info.begin);
}

}  // namespace ashlar::gguf
