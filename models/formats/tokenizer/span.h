// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace ashlar::tokenizer {

// A half-open range of bytes in a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
  bool empty() const { return begin == end; }
  std::string_view in(std::string_view text) const { return text.substr(begin, size()); }

  friend bool operator==(const Span&, const Span&) = default;
};

}  // namespace ashlar::tokenizer
