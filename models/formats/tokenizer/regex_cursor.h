// SPDX-License-Identifier: Apache-2.0
// A reading position in a regular expression (valid UTF-8), with the errors that name the place and
// a bound on nesting.
#pragma once

#include <cstddef>
#include <string_view>

namespace ashlar::tokenizer {

class RegexCursor {
public:
  explicit RegexCursor(std::string_view pattern) : pattern_(pattern) {}

  bool at_end() const { return position_ == pattern_.size(); }
  std::size_t position() const { return position_; }
  void rewind(std::size_t position) { position_ = position; }

  // The next byte, or NUL at the end.
  char peek(std::size_t ahead = 0) const {
    return ahead < pattern_.size() - position_ ? pattern_[position_ + ahead] : '\0';
  }
  char take();
  std::string_view take_character();
  std::string_view take_text(std::size_t length);

  // Consumes `text` if it comes next.
  bool accept(std::string_view text);

  // Text up to `delimiter`, which is consumed as well and must exist.
  std::string_view take_until(char delimiter);

  // A possibly empty run of decimal digits.
  std::string_view take_number();

  [[noreturn]] void malformed(std::string_view what) const;
  [[noreturn]] void unsupported(std::string_view what) const;

  // Counts one level of groups or classes while it lives; refuses too many.
  class Nesting {
  public:
    explicit Nesting(RegexCursor& cursor);
    ~Nesting() { --cursor_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

  private:
    RegexCursor& cursor_;
  };

private:
  std::string_view pattern_;
  std::size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace ashlar::tokenizer
