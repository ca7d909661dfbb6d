// SPDX-License-Identifier: Apache-2.0
#include "models/formats/tokenizer/regex_cursor.h"

#include "models/formats/tokenizer/json_node.h"
#include "models/formats/tokenizer/utf8.h"
#include "runtime/program/error.h"
#include "runtime/program/in_quotes.h"

namespace ashlar::tokenizer {
namespace {

constexpr int kMaxDepth = 100;

}  // namespace

RegexCursor::Nesting::Nesting(RegexCursor& cursor) : cursor_(cursor) {
  if (cursor.depth_ == kMaxDepth)
    cursor.unsupported("nesting more than 100 deep is");
  ++cursor.depth_;
}

char RegexCursor::take() {
  if (at_end())
    malformed("ends too early");
  return pattern_[position_++];
}

std::string_view RegexCursor::take_character() {
  if (at_end())
    malformed("ends too early");
  const auto character = pattern_.substr(position_, utf8_length(peek()));
  position_ += character.size();
  return character;
}

std::string_view RegexCursor::take_text(std::size_t length) {
  const auto text = pattern_.substr(position_, length);
  position_ += text.size();
  return text;
}

bool RegexCursor::accept(std::string_view text) {
  if (!pattern_.substr(position_).starts_with(text))
    return false;
  position_ += text.size();
  return true;
}

std::string_view RegexCursor::take_until(char delimiter) {
  const std::size_t end = pattern_.find(delimiter, position_);
  if (end == std::string_view::npos)
    malformed("ends too early");
  const auto text = pattern_.substr(position_, end - position_);
  position_ = end + 1;
  return text;
}

std::string_view RegexCursor::take_number() {
  const std::size_t begin = position_;
  while (peek() >= '0' && peek() <= '9')
    ++position_;
  return pattern_.substr(begin, position_ - begin);
}

void RegexCursor::malformed(std::string_view what) const {
  throw FormatError("tokenizer", "regular expression {} at byte {}: {}", in_quotes(pattern_),
                    position_, what);
}

void RegexCursor::unsupported(std::string_view what) const {
  throw Unsupported("tokenizer", "regular expression {} at byte {}: {} not supported",
                    in_quotes(pattern_), position_, what);
}

}  // namespace ashlar::tokenizer
