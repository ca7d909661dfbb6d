// SPDX-License-Identifier: Apache-2.0
// GGUF files put together by hand, right or wrong.
#pragma once

#include "tests/models/formats/test_files.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace ashlar::test {

template <typename T> std::string raw(T value) {
  std::string bytes(sizeof value, '\0');
  std::memcpy(bytes.data(), &value, sizeof value);
  return bytes;
}

inline std::string counted(std::string_view text) {
  return little_endian(text.size()).append(text);
}

// One key: `type` is the number in files, `value` its bytes.
inline std::string gguf_key(std::string_view name, std::uint32_t type, std::string_view value) {
  return counted(name) + raw(type) + std::string(value);
}

inline std::string gguf_array(std::uint32_t type, std::uint64_t count, std::string_view elements) {
  return raw(type) + raw(count) + std::string(elements);
}

// `dims` start with the contiguous one, as in files.
inline std::string gguf_tensor(std::string_view name, std::vector<std::int64_t> dims,
                               std::uint32_t type, std::uint64_t offset) {
  std::string bytes = counted(name) + raw(static_cast<std::uint32_t>(dims.size()));
  for (const std::int64_t dim : dims)
    bytes += raw(dim);
  return bytes + raw(type) + raw(offset);
}

struct GgufParts {
  std::vector<std::string> keys = {}, tensors = {};
  std::string data = {};
  std::uint32_t version = 3;
  std::size_t alignment = 32;
};

inline std::string gguf_bytes(const GgufParts& parts) {
  std::string bytes = "GGUF" + raw(parts.version) + raw<std::int64_t>(parts.tensors.size()) +
                      raw<std::int64_t>(parts.keys.size());
  for (const std::string& key : parts.keys)
    bytes += key;
  for (const std::string& tensor : parts.tensors)
    bytes += tensor;
  bytes.resize((bytes.size() + parts.alignment - 1) / parts.alignment * parts.alignment);
  return bytes + parts.data;
}

}  // namespace ashlar::test
