// SPDX-License-Identifier: Apache-2.0
#include "models/formats/gguf/file_set.h"

#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::gguf {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kUnit = "gguf";
constexpr std::int64_t kMaxParts = 10'000;

std::unique_ptr<const File> open_file(const fs::path& path) {
  return std::make_unique<const File>(File::open(path));
}

std::int64_t part_count(const File& file) {
  return file.fields().integer("split.count", {0, kMaxParts}).value_or(1);
}

std::string ending(std::int64_t part, std::int64_t parts) {
  return fmt::format("-{:05}-of-{:05}.gguf", part + 1, parts);
}

void check_part(const File& file, std::int64_t part, std::int64_t parts) {
  const auto number = file.fields().integer("split.no", {0, kMaxParts});
  if (number != part || part_count(file) != parts)
    throw FormatError(kUnit, "{}: split.no and split.count: expected part {} of {}", file.name(),
                      part, parts);
}

}  // namespace

FileSet FileSet::open(const fs::path& path) {
  std::vector<std::unique_ptr<const File>> files;
  files.push_back(open_file(path));
  const std::int64_t parts = part_count(*files.front());
  if (parts > 1) {
    const std::string name = path.filename(), own = ending(0, parts);
    if (!name.ends_with(own))
      throw FormatError(kUnit, "{} is a part of {}: expected the first, whose name ends in {}",
                        in_quotes(path.native()), parts, own);
    check_part(*files.front(), 0, parts);
    const std::string stem = name.substr(0, name.size() - own.size());
    for (std::int64_t part = 1; part < parts; ++part) {
      files.push_back(open_file(path.parent_path() / (stem + ending(part, parts))));
      check_part(*files.back(), part, parts);
    }
  }
  return FileSet(std::move(files));
}

FileSet::FileSet(std::vector<std::unique_ptr<const File>> files) : files_(std::move(files)) {
  for (const auto& file : files_)
    for (const TensorInfo& info : file->tensors())
      if (!tensors_.emplace(info.name, StoredTensor{file.get(), &info}).second)
        throw FormatError(kUnit, "{}: tensor {} lies in another part too", file->name(),
                          in_quotes(info.name));
  const auto stated = fields().integer("split.tensors.count", {.min = 0});
  if (stated && files_.size() > 1 && !std::cmp_equal(*stated, tensors_.size()))
    throw FormatError(kUnit, "{}: split.tensors.count: expected {} tensors in all parts, got {}",
                      files_.front()->name(), *stated, tensors_.size());
}

const StoredTensor* FileSet::find(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : &found->second;
}

}  // namespace ashlar::gguf
