// SPDX-License-Identifier: Apache-2.0
#include "models/formats/safetensors.h"

#include "runtime/program/error.h"

#include <array>
#include <utility>

namespace ashlar {
namespace {

constexpr std::string_view kUnit = "safetensors";
constexpr std::uint64_t kPrefixBytes = 8;

std::uint64_t header_bytes(const InputFile& file) {
  if (file.size() < kPrefixBytes)
    throw FormatError(kUnit, "{} is cut short: expected at least {} bytes, got {}", file.name(),
                      kPrefixBytes, file.size());
  std::array<char, kPrefixBytes> prefix;
  file.read(0, prefix);
  std::uint64_t length = 0;
  for (std::size_t i = kPrefixBytes; i-- > 0;)
    length = length << 8 | static_cast<unsigned char>(prefix[i]);
  if (length > kMaxSafetensorsHeader)
    throw FormatError(kUnit, "{}: header too large: expected at most {} bytes, got {} (offset 0)",
                      file.name(), kMaxSafetensorsHeader, length);
  if (length > file.size() - kPrefixBytes)
    throw FormatError(kUnit, "{} is cut short: expected a header of {} bytes, got {} (offset 0)",
                      file.name(), length, file.size() - kPrefixBytes);
  return length;
}

}  // namespace

SafetensorsFile SafetensorsFile::open(const std::filesystem::path& path) {
  const InputFile file(path, kUnit);
  const std::uint64_t length = header_bytes(file);
  std::string text(length, '\0');
  file.read(kPrefixBytes, text);
  const std::uint64_t data_offset = kPrefixBytes + length;
  SafetensorsHeader header = parse_safetensors_header(text, file.size() - data_offset, file.name());
  return SafetensorsFile(path, file.name(), std::move(header), MappedFile(file, kUnit),
                         data_offset);
}

SafetensorsFile::SafetensorsFile(std::filesystem::path path, std::string name,
                                 SafetensorsHeader header, MappedFile file, std::size_t data_offset)
    : path_(std::move(path)), name_(std::move(name)), header_(std::move(header)),
      by_name_(header_.tensors, kUnit, name_), file_(std::move(file)),
      data_(file_.bytes().subspan(data_offset)) {}

const TensorInfo* SafetensorsFile::find(std::string_view name) const {
  return by_name_.find(tensors(), name);
}

std::span<const std::byte> SafetensorsFile::data(const TensorInfo& info) const {
  return data_of(info, data_, kUnit, name_);
}

}  // namespace ashlar
