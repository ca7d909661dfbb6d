// SPDX-License-Identifier: Apache-2.0
// Appends to a string that never grows beyond its limit.
#pragma once

#include "models/formats/template/failure.h"
#include "models/formats/template/limits.h"

#include <string>
#include <string_view>

namespace ashlar::jinja {

class TextBuilder {
public:
  explicit TextBuilder(std::size_t limit = kMaxTemplateTextBytes) : limit_(limit) {}

  TextBuilder& append(std::string_view text) {
    require(text.size(), 1);
    text_ += text;
    return *this;
  }

  TextBuilder& append(std::size_t count, std::string_view text) {
    require(text.size(), count);
    if (text.empty())
      return *this;
    text_.reserve(text_.size() + text.size() * count);
    for (std::size_t i = 0; i < count; ++i)
      text_ += text;
    return *this;
  }

  const std::string& view() const { return text_; }
  std::string take() { return std::move(text_); }

private:
  void require(std::size_t size, std::size_t count) const {
    std::size_t left = limit_ - text_.size();
    if (size != 0 && count > left / size)
      fail("a text grows longer than {} bytes", limit_);
  }

  std::size_t limit_;
  std::string text_;
};

}  // namespace ashlar::jinja
